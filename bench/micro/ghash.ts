// GHASH (NIST SP 800-38D 6.4) in WebAssembly without tables, to know what it would cost: a carry-less product is made of
// integer products of numbers that have every fourth bit only, whose carries fall into the holes between.
import { assemble, block, type Code, FunctionBuilder, get, i32, i64, type Local, loopWhile, set } from '../../tools/wasm/assembler.ts';

const EVERY_FOURTH = 0x1111_1111_1111_1111n;

function masked(value: Code, place: number): Code {
  return i64.and(value, i64.const(EVERY_FOURTH << BigInt(place)));
}

/** The lower 64 bits of the product in GF(2)[x]: sixteen multiplications. */
function product(x: Local, y: Local, xs: readonly Local[], ys: readonly Local[], into: Local): Code {
  const part = (place: number): Code => {
    const terms = [0, 1, 2, 3].map((i) => i64.mul(get(xs[i] as Local), get(ys[(place - i + 4) & 3] as Local)));
    return masked(terms.reduce((a, b) => i64.xor(a, b)), place);
  };
  return block(
    ...[0, 1, 2, 3].flatMap((i) => [set(xs[i] as Local, masked(get(x), i)), set(ys[i] as Local, masked(get(y), i))]),
    set(into, [0, 1, 2, 3].map(part).reduce((a, b) => i64.or(a, b))),
  );
}

/** `ghash(at, end)`: the cost of the hash of these blocks; the key is whatever stands at 0, and bits are not reversed. */
export function ghashModule(): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder('ghash', ['i32', 'i32'], []);
  const [at, end] = [f.parameter(0), f.parameter(1)];
  const xs = f.locals('i64', 4);
  const ys = f.locals('i64', 4);
  const [y0, y1, y2, h0, h1, h2] = f.locals('i64', 6) as [Local, Local, Local, Local, Local, Local];
  const products = f.locals('i64', 6);
  const all = products.map(get).reduce((a, b) => i64.xor(a, b));
  return assemble(
    [
      f.body(
        set(h0, i64.load(i32.const(0))),
        set(h1, i64.load(i32.const(8))),
        set(h2, i64.xor(get(h0), get(h1))),
        loopWhile(i32.ltU(get(at), get(end)), block(
          set(y0, i64.xor(get(y0), i64.load(get(at)))),
          set(y1, i64.xor(get(y1), i64.load(get(at), 8))),
          set(y2, i64.xor(get(y0), get(y1))),
          // Karatsuba on the halves; the upper halves of the three products are those of the numbers with their bits reversed.
          ...[[y0, h0], [y1, h1], [y2, h2], [y0, h1], [y1, h2], [y2, h0]].map(([x, y], i) => product(x as Local, y as Local, xs, ys, products[i] as Local)),
          // The reduction is a dozen shifts.
          set(y0, i64.xor(all, i64.xor(i64.shrU(all, i64.const(1n)), i64.xor(i64.shrU(all, i64.const(2n)), i64.shrU(all, i64.const(7n)))))),
          set(y1, i64.xor(get(products[1] as Local), i64.xor(i64.shl(all, i64.const(63n)), i64.xor(i64.shl(all, i64.const(62n)), i64.shl(all, i64.const(57n)))))),
          set(at, i32.add(get(at), i32.const(16))),
        )),
        i64.store(i32.const(16), get(y0)),
        i64.store(i32.const(24), get(y1)),
      ),
    ],
    2,
  );
}
