import type { AeadName, GroupName, HashName, SignatureScheme } from '../../core/index.ts';

// Known answers for the conformance suite, in hexadecimal. Text that is hashed or signed is given as text.

export interface HashVector {
  readonly source: string;
  readonly hash: HashName;
  readonly text: string;
  readonly digest: string;
}

export const HASH_VECTORS: readonly HashVector[] = [
  { source: 'RFC 1321 A.5', hash: 'md5', text: 'abc', digest: '900150983cd24fb0d6963f7d28e17f72' },
  { source: 'RFC 3174 7.3', hash: 'sha-1', text: 'abc', digest: 'a9993e364706816aba3e25717850c26c9cd0d89d' },
  { source: 'RFC 6234 8.5', hash: 'sha-256', text: 'abc', digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
  { source: 'RFC 6234 8.5', hash: 'sha-384', text: 'abc', digest: 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7' },
  { source: 'RFC 6234 8.5', hash: 'sha-512', text: 'abc', digest:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e' +
      '2a9ac94fa54ca49f' },
];

export interface HmacVector {
  readonly source: string;
  readonly hash: HashName;
  readonly key: string;
  readonly data: string;
  readonly mac: string;
}

export const HMAC_VECTORS: readonly HmacVector[] = [
  {
    source: 'RFC 2202 test case 1',
    hash: 'sha-1',
    key: '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    data: '4869205468657265',
    mac: 'b617318655057264e28bc0b6fb378c8ef146be00',
  },
  {
    source: 'RFC 2202 test case 2',
    hash: 'sha-1',
    key: '4a656665',
    data: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    mac: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  },
  {
    source: 'RFC 4231 test case 1',
    hash: 'sha-256',
    key: '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    data: '4869205468657265',
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    source: 'RFC 4231 test case 2',
    hash: 'sha-256',
    key: '4a656665',
    data: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    source: 'RFC 4231 test case 6',
    hash: 'sha-256',
    key:
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' +
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' +
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    data:
      '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374',
    mac: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
  {
    source: 'RFC 4231 test case 2',
    hash: 'sha-384',
    key: '4a656665',
    data: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    mac: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  },
];

export interface AeadVector {
  readonly source: string;
  readonly cipher: AeadName;
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plain: string;
  readonly sealed: string;
}

export const AEAD_VECTORS: readonly AeadVector[] = [
  {
    source: 'McGrew and Viega, The Galois/Counter Mode, test case 4',
    cipher: 'aes-128-gcm',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plain:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657' +
      'ba637b39',
    sealed:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac97' +
      '3d58e0915bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    source: 'McGrew and Viega, The Galois/Counter Mode, test case 16',
    cipher: 'aes-256-gcm',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plain:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657' +
      'ba637b39',
    sealed:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a' +
      'bcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    source: 'RFC 8439 section 2.8.2',
    cipher: 'chacha20-poly1305',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    aad: '50515253c0c1c2c3c4c5c6c7',
    plain:
      '4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666' +
      '657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069' +
      '742e',
    sealed:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29' +
      '05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b' +
      '61161ae10b594f09e26a7e902ecbd0600691',
  },
];

export interface AgreementVector {
  readonly source: string;
  readonly group: GroupName;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly peerPublicKey: string;
  readonly secret: string;
}

export const AGREEMENT_VECTORS: readonly AgreementVector[] = [
  {
    source: 'RFC 7748 5.2 (first vector)',
    group: 'x25519',
    privateKey: 'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    publicKey: '1c9fd88f45606d932a80c71824ae151d15d73e77de38e8e000852e614fae7019',
    peerPublicKey: 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    secret: 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  },
  {
    source: 'RFC 5903 8.1',
    group: 'secp256r1',
    privateKey: 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
    publicKey:
      '04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f' +
      '58389e0577b8990bb3',
    peerPublicKey:
      '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f' +
      '8353e74f33039872ab',
    secret: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
  },
  {
    source: 'RFC 5903 8.2',
    group: 'secp384r1',
    privateKey: '099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194',
    publicKey:
      '04667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9' +
      'cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c',
    peerPublicKey:
      '04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf319' +
      '6472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c',
    secret: '11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746',
  },
];

/** Public keys that must be refused, with the reason. */
export const BAD_PUBLIC_KEYS: Readonly<Record<GroupName, readonly (readonly [reason: string, key: string])[]>> = {
  x25519: [
    ['zero: of low order', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['one: of low order', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['of order eight', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['p − 1: of low order', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['31 bytes', '09000000000000000000000000000000000000000000000000000000000000'],
    ['33 bytes', '090000000000000000000000000000000000000000000000000000000000000000'],
    ['empty', ''],
  ],
  secp256r1: [
    ['not on the curve',
        '0400000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000' +
        '000000000000000001'],
    ['not on the curve by one bit',
        '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f' +
        '8353e74f33039872aa'],
    ['the point at infinity', '00'],
    ['zeros',
        '0400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
        '000000000000000000'],
    ['compressed', '03d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63'],
    ['hybrid form',
        '07d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f' +
        '8353e74f33039872ab'],
    ['a byte short',
        '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f' +
        '8353e74f33039872'],
    ['a byte too long',
        '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f' +
        '8353e74f33039872ab00'],
    ['a coordinate not below the prime',
        '04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f' +
        '8353e74f33039872ab'],
    ['empty', ''],
  ],
  secp384r1: [
    ['not on the curve',
        '0400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000000000000000000000001'],
    ['not on the curve by one bit',
        '04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf319' +
        '6472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386d'],
    ['the point at infinity', '00'],
    ['zeros',
        '0400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000000000000000000000000'],
    ['compressed', '02e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571'],
    ['hybrid form',
        '06e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf319' +
        '6472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c'],
    ['a byte short',
        '04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf319' +
        '6472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e638'],
    ['a byte too long',
        '04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf319' +
        '6472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c00'],
    ['a coordinate not below the prime',
        '04fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffdcfbec7aacf319' +
        '6472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c'],
    ['empty', ''],
  ],
};

export interface SignatureVector {
  readonly source: string;
  readonly scheme: SignatureScheme;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: string;
  readonly text: string;
  readonly signature: string;
}

const RSA_PUBLIC_KEY =
  '30820122300d06092a864886f70d01010105000382010f003082010a0282010100ac363f431f7b7d1182f4b1189ef8051971ea6629afb45c' +
  'c7b7684ea49e77e0ace9e7b648311c5a87b048dd6ac8b8fd5d36e63a844537103171fbdd52c2a56490ae5cdc8a9e1b759a8cfb94f335ae9c' +
  '7c2168502e0446e56b995e1a3922522342fab290377e6a3a97b06da90087ea88a473244edd65c224235f0a6d2b000a18798e8be2c67e28b6' +
  'cb7abdf76f14a8e702110cdbe2c5b935c285d899ce1fb871510581ebfd5c205f9680de34f5599e9b44158ffc331142c8a16effbc129cdfc1' +
  '2d51183636172f84d67b13e7df0f447b489fba09bed3366fc9ee773a8170bf594dc1e0aa5f08fa2c401d6921f55bf1781eca782c0050c7cd' +
  '1f86c44c7082d1222f0203010001';

export const SIGNATURE_VECTORS: readonly SignatureVector[] = [
  {
    source: 'RFC 6979 A.2.5',
    scheme: 'ecdsa_secp256r1_sha256',
    publicKey:
      '3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60' +
      'f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    text: 'sample',
    signature:
      '3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c942d657c41d436c7a1b6e29f65' +
      'f3e900dbb9aff4064dc4ab2f843acda8',
  },
  {
    source: 'RFC 6979 A.2.6',
    scheme: 'ecdsa_secp384r1_sha384',
    publicKey:
      '3076301006072a8648ce3d020106052b8104002203620004ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64' +
      'def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe' +
      '7344fd2533264720',
    text: 'sample',
    signature:
      '306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46023100' +
      '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
  },
  {
    source: 'made with OpenSSL',
    scheme: 'rsa_pkcs1_sha256',
    publicKey: RSA_PUBLIC_KEY,
    text: 'sample',
    signature:
      'aabc2f6e2ac262b72a5147b2c0c1b8df580baeecda9acd8db679a549a79e90aec0e7af8b9d90df912a85f2ff06d3e9186567112a82c175c9' +
      'eb548277d7df26c7a56b8ee4cfca8c6eba9bb3f164ac69412355746c1934cc1382977a94063252515eb0458f2e4a3761f80425e393f01c85' +
      '7b267ade28791bef297a5c380efb551eb6c4ad715607f791b4f3488f4ab00cfd1b1d7f77592ac511ba8be36465b92091e200a60a38b67342' +
      '13fc7c3bdde697bfa67e3f924adfae1395e6f7cbdc4e6dda28ccfe52943dfc1f0ec90c02bf1cacddda74967d019a44c2ef10258624d9317a' +
      '999bc31d7fbd1338bce462024d94c6e6e1bb8059fbb3f9f84876143fc70f0c73',
  },
  {
    source: 'made with OpenSSL',
    scheme: 'rsa_pss_rsae_sha256',
    publicKey: RSA_PUBLIC_KEY,
    text: 'sample',
    signature:
      'a6eea3627f2b4ba7326e3118ec041cf8b544cbeb1d612c7a325bda714c393e5cacf49e8b190c0d5f94e3a2db9ac5de64ce53187973192305' +
      '58a401926e0671bd71da7237f7e655ed39a455ed890a98909250e9b6edf1d7f294c4d7996497442b4d5496880500c0434c80bb37e2425504' +
      'ff01dc366a11eaf3bdc856b25fcc39b5901b4754b2f35e73adde696e7b5c73d8b4185ff6a0a33cf4a1f31f3347de1b92884995c8521359c5' +
      '3f92b5f810dea8f6dc5ca18637e73485ecc604978dc649b416033bed0d7efe7458deeb9617385305fb061cc6c500c26d778927bd020dc3f5' +
      '44b1408200df1648da27aadb1dba7d89d80a22a788e0ae8e8c0529febc577af0',
  },
];

/** A good signature of "sample" by an RSA key of 1024 bits, which is too short to be believed. */
export const SHORT_RSA: SignatureVector = {
  source: 'made with OpenSSL',
  scheme: 'rsa_pkcs1_sha256',
  publicKey:
    '30819f300d06092a864886f70d010101050003818d0030818902818100bef4ea8558ef76ec7fbd210f7b2012759230ec7f975229541124a6' +
    '9a00c7a7dab7064e83246554393006bf36bbbad720bac91a54e7b5c4861760cf181c276ba0719b5a74a783bf96dd05389e877b968b774232' +
    '05a91151886110af3017e63f60fc10c0b28d5bb478d55089d64270d37dd70910a2d45011a6fa651a09e49844e90203010001',
  text: 'sample',
  signature:
    '9415b0d87a80a70cbed65a30f06b02f6e8c6e92ce6b4e5cd71470995e015c3d7ee80abb0abf3d26e9b3c85d6c096893ea7e55ef7815b176b' +
    '3d1f05cd560e8bdc8c1f952c14f988651151d3433b3badf6322f24cd3ee022aab5fc73954a24f450c3e23d0584d70c481a6353d76141110e' +
    '20b4113583e55334ba5c381e39331e3b',
};

/** PKCS #8 of the key of RFC 6979 A.2.5, and its SubjectPublicKeyInfo. */
export const P256_PRIVATE_KEY: string =
  '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c9afa9d845ba75166b5c215767b1d6934e50c3db' +
  '36e89b127b8a622b120f6721a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8' +
  'bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';
export const P256_PUBLIC_KEY: string =
  '3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60' +
  'f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';
