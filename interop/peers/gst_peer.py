"""GStreamer's webrtcbin (libnice, OpenSSL DTLS, libsrtp, usrsctp) as a peer.

Start with /usr/bin/python3. Signaling: see README.md. Options:
--send (test picture and tone), --codec=VP8|VP9|H264|H265, --acodec=opus|PCMU|PCMA|G722,
--sink (do not echo data), --ice=JSON list of iceServers, --relay, --bundle=none|max-bundle|max-compat
"""
import json
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

opts = dict((a[2:].partition("=")[::2]) for a in sys.argv[1:] if a.startswith("--"))
SOURCES = {
    "VP8": ("vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30 target-bitrate=500000", "rtpvp8pay"),
    "VP9": ("vp9enc deadline=1 cpu-used=8 keyframe-max-dist=30 target-bitrate=500000", "rtpvp9pay"),
    "H264": ("x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=500"
             " ! video/x-h264,profile=constrained-baseline",
             "rtph264pay config-interval=-1 aggregate-mode=zero-latency"),
    "H265": ("x265enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=500 log-level=none",
             "rtph265pay config-interval=-1 aggregate-mode=zero-latency"),
    "opus": ("audioresample ! opusenc", "rtpopuspay"),
    "PCMU": ("audioresample ! audio/x-raw,rate=8000 ! mulawenc", "rtppcmupay min-ptime=20000000 max-ptime=20000000"),
    "PCMA": ("audioresample ! audio/x-raw,rate=8000 ! alawenc", "rtppcmapay min-ptime=20000000 max-ptime=20000000"),
    "G722": ("audioresample ! audio/x-raw,rate=16000,channels=1 ! avenc_g722", "rtpg722pay"),
}
VIDEO, AUDIO = opts.get("codec") or "VP8", opts.get("acodec") or "opus"
CLOCK = {"opus": 48000, "PCMU": 8000, "PCMA": 8000, "G722": 8000}
FIXED_PT = {"PCMU": 0, "PCMA": 8, "G722": 9}

Gst.init(None)
loop = GLib.MainLoop()
pipe = Gst.Pipeline.new("peer")
count = {"dataMessages": 0, "dataBytes": 0}
inbound = {}
outbound = []
media_stopped = []
channels = {}
replies = []


def say(msg):
    print(json.dumps(msg), flush=True)


def caps(name, pt):
    kind = "video" if name == VIDEO else "audio"
    text = f"application/x-rtp,media={kind},encoding-name={name.upper()},payload={pt},clock-rate={CLOCK.get(name, 90000)}"
    if name == "opus":
        text += ",encoding-params=(string)2"
    if name == "H264":
        text += ",packetization-mode=(string)1"
    if kind == "video":
        text += ",rtcp-fb-nack=true,rtcp-fb-nack-pli=true,rtcp-fb-ccm-fir=true"
    return Gst.Caps.from_string(text)


def source(name, pt):
    """A bin with test media as RTP of this payload type."""
    encoder, payloader = SOURCES[name]
    if name == VIDEO:
        test = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=15/1 ! videoconvert"
    else:
        test = "audiotestsrc is-live=true volume=0.3 ! audioconvert"
    media = Gst.parse_bin_from_description(f"{test} ! {encoder} ! {payloader} name=pay pt={pt} ! identity", True)
    entry = {"kind": "video" if name == VIDEO else "audio", "framesSent": 0}
    outbound.append(entry)

    def frame(_pad, _info):
        if media_stopped:
            return Gst.PadProbeReturn.DROP
        entry["framesSent"] += 1
        return Gst.PadProbeReturn.OK

    media.get_by_name("pay").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, frame)
    return media


def attach(name, pt):
    """Links test media to a fresh (or the offered) m-line of webrtcbin."""
    media = source(name, pt)
    pipe.add(media)
    pad = web.request_pad(web.get_pad_template("sink_%u"), None, caps(name, pt))
    media.get_static_pad("src").link(pad)
    media.sync_state_with_parent()
    return pad


def watch(channel):
    channels[channel.get_property("label")] = channel  # a wrapper that is not kept is collected, with its handlers

    def got(data, size, back):
        count["dataMessages"] += 1
        count["dataBytes"] += size
        if "sink" not in opts and size > 0:  # an empty message comes as None; sending one ends the channel
            channel.emit(back, data)

    channel.connect("on-message-string", lambda _, s: got(s, len((s or "").encode()), "send-string"))
    channel.connect("on-message-data", lambda _, d: got(d, d.get_size() if d else 0, "send-data"))


def on_pad(_, pad):
    """Counts the packets of an incoming stream and decodes it."""
    if pad.direction != Gst.PadDirection.SRC:
        return
    s = pad.get_current_caps().get_structure(0)
    kind = s.get_string("media")
    entry = inbound[kind] = {"kind": kind, "codec": f"{kind}/{s.get_string('encoding-name')}", "packetsReceived": 0, "framesDecoded": 0}

    def packet(_pad, info):
        entry["packetsReceived"] += 1
        return Gst.PadProbeReturn.OK

    def frame(decoded, info):
        entry["framesDecoded"] += 1
        ok, width = decoded.get_current_caps().get_structure(0).get_int("width")
        if ok:
            entry["frameWidth"] = width
        return Gst.PadProbeReturn.OK

    pad.add_probe(Gst.PadProbeType.BUFFER, packet)
    decode = Gst.ElementFactory.make("decodebin")
    pipe.add(decode)

    def decoded(_decode, src):
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", False)
        pipe.add(sink)
        src.link(sink.get_static_pad("sink"))
        src.add_probe(Gst.PadProbeType.BUFFER, frame)
        sink.sync_state_with_parent()

    decode.connect("pad-added", decoded)
    decode.sync_state_with_parent()
    pad.link(decode.get_static_pad("sink"))


def emit(action, *args):
    """Runs a webrtcbin action that answers through a promise, and waits for the answer."""
    promise = Gst.Promise.new()
    web.emit(action, *args, promise)
    promise.wait()
    reply = promise.get_reply()
    replies.append(reply)  # what get_value() returns from it lives no longer than it does
    if reply and reply.has_field("error"):
        raise RuntimeError(str(reply.get_value("error")))
    return reply


def description(kind, sdp):
    return GstWebRTC.WebRTCSessionDescription.new(kind, GstSdp.SDPMessage.new_from_text(sdp)[1])


def local(kind):
    """Creates and applies the offer or answer, and calls back when all candidates are in it."""
    made = emit(f"create-{kind}", None).get_value(kind)
    emit("set-local-description", made)

    def ready(*_):
        if web.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return True
        say({"type": kind, "sdp": web.get_property("local-description").sdp.as_text()})
        return False

    if ready():
        GLib.timeout_add(20, ready)


def payload_types(message):
    """The payload type that a remote offer gives to the codecs in use, with 96 and 97 as a fallback."""
    found = {}
    for i in range(message.medias_len()):
        media = message.get_media(i)
        for j in range(media.attributes_len()):
            a = media.get_attribute(j)
            if a.key == "rtpmap":
                pt, name = a.value.split(" ", 1)
                found.setdefault(name.split("/")[0].lower(), int(pt))
        for j in range(media.formats_len()):
            for name, pt in FIXED_PT.items():
                if media.get_format(j) == str(pt):
                    found.setdefault(name.lower(), pt)
    return found


def on_offer(sdp):
    parsed = GstSdp.SDPMessage.new_from_text(sdp)[1]
    pts = payload_types(parsed)
    for i in range(parsed.medias_len()):
        name = {"audio": AUDIO, "video": VIDEO}.get(parsed.get_media(i).get_media())
        if not name or name.lower() not in pts:
            continue
        if "send" in opts:
            attach(name, pts[name.lower()])
        else:
            web.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, caps(name, pts[name.lower()]))
    emit("set-remote-description", description(GstWebRTC.WebRTCSDPType.OFFER, sdp))
    local("answer")


def channel_options(wanted):
    """The W3C names of a channel's options as a structure of webrtcbin."""
    options = Gst.Structure.new_empty("options")
    if "ordered" in wanted:
        options.set_value("ordered", wanted["ordered"])
    if "maxRetransmits" in wanted:
        options.set_value("max-retransmits", wanted["maxRetransmits"])
    return options


def channel_state(channel):
    limit = channel.get_property("max-retransmits")
    return {"label": channel.get_property("label"), "id": channel.get_property("id"),
            "state": channel.get_property("ready-state").value_nick, "ordered": channel.get_property("ordered"),
            "maxRetransmits": None if limit < 0 else limit, "protocol": channel.get_property("protocol")}


def on_make_offer(msg):
    if msg.get("data", True):
        watch(web.emit("create-data-channel", "peer", channel_options(msg.get("channel", {}))))
    pads = []
    for kind, name, pt in (("audio", AUDIO, 97), ("video", VIDEO, 96)):
        if not msg.get(kind):
            continue
        if "send" in opts:
            pads.append(attach(name, FIXED_PT.get(name, pt)))
        else:
            web.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, caps(name, FIXED_PT.get(name, pt)))

    def when_media_flows():  # until then create-offer would wait for the streams' caps
        if any(pad.get_current_caps() is None for pad in pads):
            return True
        local("offer")
        return False

    GLib.timeout_add(20, when_media_flows)


def handle(msg):
    kind = msg["type"]
    if kind == "offer":
        on_offer(msg["sdp"])
    elif kind == "make-offer":
        on_make_offer(msg)
    elif kind == "answer":
        emit("set-remote-description", description(GstWebRTC.WebRTCSDPType.ANSWER, msg["sdp"]))
    elif kind == "close-channel":
        channels[msg["label"]].emit("close")
    elif kind == "stop-media":
        media_stopped.append(True)
        say({"type": "media-stopped"})
    elif kind == "hang-up":
        pipe.set_state(Gst.State.NULL)
        say({"type": "hung-up"})
    elif kind == "stats":
        say({"type": "stats", "state": web.get_property("connection-state").value_nick, **count, "inbound": list(inbound.values()), "outbound": outbound,
             "channels": [channel_state(c) for c in channels.values()]})
    else:
        raise ValueError(f"unknown request {kind}")


buffered = b""


def on_input(fd, _condition):
    global buffered
    more = os.read(fd, 1 << 16)
    buffered += more
    while b"\n" in buffered:
        line, buffered = buffered.split(b"\n", 1)
        msg = json.loads(line)
        if msg["type"] == "close":
            more = b""
            break
        try:
            handle(msg)
        except Exception as error:  # reported to the test, which decides
            say({"type": "error", "request": msg["type"], "message": repr(error)})
    if not more:
        loop.quit()
    return bool(more)


web = Gst.ElementFactory.make("webrtcbin", "web")
BUNDLE = {"none": "NONE", "max-bundle": "MAX_BUNDLE", "max-compat": "MAX_COMPAT"}[opts.get("bundle") or "max-bundle"]
web.set_property("bundle-policy", getattr(GstWebRTC.WebRTCBundlePolicy, BUNDLE))
web.set_property("latency", 50)
for server in json.loads(opts.get("ice") or "[]"):
    scheme, rest = server["urls"].split(":", 1)
    if scheme == "stun":
        web.set_property("stun-server", f"stun://{rest}")
    else:
        web.set_property("turn-server", f"{scheme}://{server['username']}:{server['credential']}@{rest}")
if "relay" in opts:
    web.set_property("ice-transport-policy", GstWebRTC.WebRTCICETransportPolicy.RELAY)
web.connect("on-data-channel", lambda _, c: watch(c))
web.connect("pad-added", on_pad)
web.connect("notify::connection-state", lambda *_: say({"type": "state", "state": web.get_property("connection-state").value_nick}))
pipe.add(web)
pipe.set_state(Gst.State.PLAYING)
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, on_input)
loop.run()
os._exit(0)  # webrtcbin's own tear-down can hang when a stream is still flowing
