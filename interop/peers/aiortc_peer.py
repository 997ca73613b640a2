"""aiortc as a peer (Debian python3-aiortc; start with /usr/bin/python3).

Signaling: see README.md. Options: --send (test pictures and a tone),
--codec=VP8|H264, --acodec=opus|PCMU|PCMA, --sink (do not echo), --ice=JSON list of iceServers (it has no relay-only mode).
"""
import asyncio
import json
import math
import struct
import sys
from fractions import Fraction

from aiortc import (RTCConfiguration, RTCIceServer, RTCPeerConnection,
                    RTCRtpReceiver, RTCSessionDescription, VideoStreamTrack)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from av import AudioFrame, VideoFrame

opts = dict((a[2:].partition("=")[::2]) for a in sys.argv[1:] if a.startswith("--"))
pc = RTCPeerConnection(RTCConfiguration(iceServers=[RTCIceServer(**s) for s in json.loads(opts.get("ice") or "[]")]))
count = {"dataMessages": 0, "dataBytes": 0}
frames = {"audio": 0, "video": 0}
size = [0, 0]
channels = {}


def say(msg):
    print(json.dumps(msg), flush=True)


class Picture(VideoStreamTrack):
    """A grey level that changes with every frame, 640x360."""

    async def recv(self):
        pts, base = await self.next_timestamp()
        frame = VideoFrame(640, 360, "yuv420p")
        for plane, level in zip(frame.planes, (pts // 3000 * 5 % 256, 128, 128)):
            plane.update(bytes([level]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, base
        return frame


class Tone(AudioStreamTrack):
    """A 440 Hz sine, 8 kHz mono, 20 ms frames."""

    async def recv(self):
        frame = await super().recv()
        rate, n = frame.sample_rate, frame.samples
        data = [int(8000 * math.sin(2 * math.pi * 440 * (frame.pts + i) / rate)) for i in range(n)]
        out = AudioFrame(format="s16", layout="mono", samples=n)
        out.planes[0].update(struct.pack(f"<{n}h", *data))
        out.pts, out.sample_rate, out.time_base = frame.pts, rate, Fraction(1, rate)
        return out


def prefer(transceiver):
    wanted = opts.get("codec" if transceiver.kind == "video" else "acodec")
    if wanted:
        codecs = RTCRtpReceiver.getCapabilities(transceiver.kind).codecs
        name = f"{transceiver.kind}/{wanted}".lower()
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType.lower() == name])


def watch(channel):
    channels[channel.label] = channel

    @channel.on("message")
    def _(data):
        count["dataMessages"] += 1
        count["dataBytes"] += len(data)
        if "sink" not in opts:
            channel.send(data)


async def consume(track):
    try:
        while True:
            frame = await track.recv()
            frames[track.kind] += 1
            if track.kind == "video":
                size[:] = frame.width, frame.height
    except MediaStreamError:
        pass


pc.on("datachannel", watch)
pc.on("track", lambda track: asyncio.ensure_future(consume(track)))
pc.on("connectionstatechange", lambda: say({"type": "state", "state": pc.connectionState}))


async def stats():
    inbound, outbound = [], []
    for transceiver in pc.getTransceivers():
        for s in (await transceiver.receiver.getStats()).values():
            if s.type == "inbound-rtp":
                decoded = {"framesDecoded": frames["video"], "frameWidth": size[0]} if s.kind == "video" else {}
                inbound.append({"kind": s.kind, "packetsReceived": s.packetsReceived, **decoded})
        for s in (await transceiver.sender.getStats()).values():
            if s.type == "outbound-rtp":
                outbound.append({"kind": s.kind, "packetsSent": s.packetsSent})
    return {"type": "stats", "state": pc.connectionState, **count,
            "audioFrames": frames["audio"],
            "channels": [{"label": c.label, "id": c.id, "state": c.readyState, "ordered": c.ordered,
                          "maxRetransmits": c.maxRetransmits, "protocol": c.protocol} for c in channels.values()],
            "inbound": inbound, "outbound": outbound}


async def handle(msg):
    kind = msg["type"]
    if kind == "offer":
        await pc.setRemoteDescription(RTCSessionDescription(msg["sdp"], "offer"))
        for t in pc.getTransceivers():
            if "send" in opts:
                t.sender.replaceTrack(Picture() if t.kind == "video" else Tone())
                t.direction = "sendrecv"
            prefer(t)
        await pc.setLocalDescription(await pc.createAnswer())
        return {"type": "answer", "sdp": pc.localDescription.sdp}
    if kind == "make-offer":
        if msg.get("data", True):
            watch(pc.createDataChannel("peer", **msg.get("channel", {})))
        for name, make in (("audio", Tone), ("video", Picture)):
            if msg.get(name):
                send = "send" in opts
                prefer(pc.addTransceiver(make() if send else name, "sendrecv" if send else "recvonly"))
        await pc.setLocalDescription(await pc.createOffer())
        return {"type": "offer", "sdp": pc.localDescription.sdp}
    if kind == "answer":
        await pc.setRemoteDescription(RTCSessionDescription(msg["sdp"], "answer"))
        return None
    if kind == "close-channel":
        channels[msg["label"]].close()
        return None
    if kind == "hang-up":
        await pc.close()
        return {"type": "hung-up"}
    if kind == "stats":
        return await stats()
    raise ValueError(f"unknown request {kind}")


async def main():
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        msg = json.loads(line)
        if msg["type"] == "close":
            break
        try:
            if reply := await handle(msg):
                say(reply)
        except Exception as error:  # reported to the test, which decides
            say({"type": "error", "request": msg["type"], "message": repr(error)})
    await pc.close()


asyncio.get_event_loop().run_until_complete(main())
