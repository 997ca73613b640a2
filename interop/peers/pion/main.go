// Pion v3 as a peer. Build: ./build.sh. Signaling: see ../README.md.
// Options: --send (RTP back on every track: an echo of what is received),
// --sink (do not echo data), --codec=…, --acodec=…, --ice-lite,
// --ports=MIN-MAX, --ice=JSON list of iceServers, --relay.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
)

type request struct {
	Type    string         `json:"type"`
	SDP     string         `json:"sdp"`
	Data    *bool          `json:"data"`
	Audio   bool           `json:"audio"`
	Video   bool           `json:"video"`
	Label   string         `json:"label"`
	Channel channelOptions `json:"channel"`
}

// channelOptions are the options of a channel that make-offer opens, by their W3C names.
type channelOptions struct {
	Ordered        *bool   `json:"ordered"`
	MaxRetransmits *uint16 `json:"maxRetransmits"`
	Protocol       *string `json:"protocol"`
}

type channelState struct {
	Label          string  `json:"label"`
	ID             *uint16 `json:"id"`
	State          string  `json:"state"`
	Ordered        bool    `json:"ordered"`
	MaxRetransmits *uint16 `json:"maxRetransmits"`
	Protocol       string  `json:"protocol"`
}

type rtpCount struct {
	Kind            string `json:"kind"`
	Codec           string `json:"codec"`
	PacketsReceived uint64 `json:"packetsReceived"`
	SenderReports   uint64 `json:"senderReports"`
	ReceiverReports uint64 `json:"receiverReports"`
}

var (
	opts              = map[string]string{}
	messages, octets  uint64
	channels          = map[string]*webrtc.DataChannel{}
	channelsLock      sync.Mutex
	inbound           = []*rtpCount{}
	echoTracks        = map[string]*webrtc.TrackLocalStaticRTP{}
	out               = json.NewEncoder(os.Stdout)
	nack              = []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "goog-remb"}, {Type: "transport-cc"}}
	videoCapabilities = map[string]webrtc.RTPCodecParameters{}
	audioCapabilities = map[string]webrtc.RTPCodecParameters{}
)

func init() {
	for i, mime := range []string{"VP8", "VP9", "AV1", "H265"} {
		videoCapabilities[mime] = webrtc.RTPCodecParameters{PayloadType: webrtc.PayloadType(96 + i), RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "video/" + mime, ClockRate: 90000, RTCPFeedback: nack}}
	}
	videoCapabilities["H264"] = webrtc.RTPCodecParameters{PayloadType: 102, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "video/H264", ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", RTCPFeedback: nack}}
	audioCapabilities["opus"] = webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/opus", ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}}
	audioCapabilities["PCMU"] = webrtc.RTPCodecParameters{PayloadType: 0, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/PCMU", ClockRate: 8000}}
	audioCapabilities["PCMA"] = webrtc.RTPCodecParameters{PayloadType: 8, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/PCMA", ClockRate: 8000}}
	audioCapabilities["G722"] = webrtc.RTPCodecParameters{PayloadType: 9, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/G722", ClockRate: 8000}}
}

func fail(what string, err error) {
	_ = out.Encode(map[string]string{"type": "error", "request": what, "message": err.Error()})
}

// register adds the wanted codec, or all of them.
func register(m *webrtc.MediaEngine, list map[string]webrtc.RTPCodecParameters, wanted string, kind webrtc.RTPCodecType) error {
	for name, codec := range list {
		if wanted == "" || strings.EqualFold(wanted, name) {
			if err := m.RegisterCodec(codec, kind); err != nil {
				return err
			}
		}
	}
	return nil
}

func open() (*webrtc.PeerConnection, error) {
	m := &webrtc.MediaEngine{}
	if err := register(m, videoCapabilities, opts["codec"], webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	if err := register(m, audioCapabilities, opts["acodec"], webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	i := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(m, i); err != nil {
		return nil, err
	}
	config := webrtc.Configuration{}
	var servers []struct{ URLs, Username, Credential string }
	if text := opts["ice"]; text != "" {
		if err := json.Unmarshal([]byte(text), &servers); err != nil {
			return nil, err
		}
	}
	for _, v := range servers {
		config.ICEServers = append(config.ICEServers, webrtc.ICEServer{URLs: []string{v.URLs}, Username: v.Username, Credential: v.Credential})
	}
	if _, relay := opts["relay"]; relay {
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	s := webrtc.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	if _, lite := opts["ice-lite"]; lite {
		s.SetLite(true)
	}
	var lo, hi uint16
	if n, _ := fmt.Sscanf(opts["ports"], "%d-%d", &lo, &hi); n == 2 {
		if err := s.SetEphemeralUDPPortRange(lo, hi); err != nil {
			return nil, err
		}
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(i), webrtc.WithSettingEngine(s)).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	pc.OnDataChannel(watch)
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		_ = out.Encode(map[string]string{"type": "state", "state": state.String()})
	})
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		c := &rtpCount{Kind: track.Kind().String(), Codec: track.Codec().MimeType}
		inbound = append(inbound, c)
		go countReports(c, receiver)
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
		}
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			atomic.AddUint64(&c.PacketsReceived, 1)
			if back := echoTracks[c.Kind]; back != nil {
				_ = back.WriteRTP(packet)
			}
		}
	})
	return pc, nil
}

func watch(d *webrtc.DataChannel) {
	channelsLock.Lock()
	channels[d.Label()] = d
	channelsLock.Unlock()
	d.OnMessage(func(msg webrtc.DataChannelMessage) {
		atomic.AddUint64(&messages, 1)
		atomic.AddUint64(&octets, uint64(len(msg.Data)))
		if _, sink := opts["sink"]; sink {
			return
		}
		if msg.IsString {
			_ = d.SendText(string(msg.Data))
		} else {
			_ = d.Send(msg.Data)
		}
	})
}

func channelStates() []channelState {
	channelsLock.Lock()
	defer channelsLock.Unlock()
	list := []channelState{}
	for _, d := range channels {
		list = append(list, channelState{d.Label(), d.ID(), d.ReadyState().String(), d.Ordered(), d.MaxRetransmits(), d.Protocol()})
	}
	return list
}

// countReports reads the RTCP that a receiver gets, and counts the sender reports.
func countReports(c *rtpCount, receiver *webrtc.RTPReceiver) {
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.SenderReport); ok {
				atomic.AddUint64(&c.SenderReports, 1)
			}
		}
	}
}

// answerFeedback lets the interceptors see the RTCP that a sender gets: they retransmit what is asked for.
func answerFeedback(kind string, sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch report := p.(type) {
			case *rtcp.ReceiverReport:
			case *rtcp.SenderReport:
				if len(report.Reports) == 0 {
					continue
				}
			default:
				continue
			}
			for _, c := range inbound {
				if c.Kind == kind {
					atomic.AddUint64(&c.ReceiverReports, 1)
				}
			}
		}
	}
}

// addEcho adds a sender that repeats what arrives for the same kind.
func addEcho(pc *webrtc.PeerConnection, kind webrtc.RTPCodecType) error {
	list, wanted := videoCapabilities, opts["codec"]
	if kind == webrtc.RTPCodecTypeAudio {
		list, wanted = audioCapabilities, opts["acodec"]
	}
	if wanted == "" {
		wanted = map[webrtc.RTPCodecType]string{webrtc.RTPCodecTypeVideo: "VP8", webrtc.RTPCodecTypeAudio: "opus"}[kind]
	}
	track, err := webrtc.NewTrackLocalStaticRTP(list[wanted].RTPCodecCapability, kind.String(), "echo")
	if err != nil {
		return err
	}
	sender, err := pc.AddTrack(track)
	if err == nil {
		echoTracks[kind.String()] = track
		go answerFeedback(kind.String(), sender)
	}
	return err
}

func local(pc *webrtc.PeerConnection, make func() (webrtc.SessionDescription, error)) error {
	description, err := make()
	if err != nil {
		return err
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(description); err != nil {
		return err
	}
	<-done
	return out.Encode(pc.LocalDescription())
}

func handle(pc *webrtc.PeerConnection, r request) error {
	_, send := opts["send"]
	switch r.Type {
	case "offer":
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: r.SDP}); err != nil {
			return err
		}
		if send {
			for _, t := range pc.GetTransceivers() {
				if err := addEcho(pc, t.Kind()); err != nil {
					return err
				}
			}
		}
		return local(pc, func() (webrtc.SessionDescription, error) { return pc.CreateAnswer(nil) })
	case "make-offer":
		if r.Data == nil || *r.Data {
			d, err := pc.CreateDataChannel("peer", &webrtc.DataChannelInit{Ordered: r.Channel.Ordered, MaxRetransmits: r.Channel.MaxRetransmits, Protocol: r.Channel.Protocol})
			if err != nil {
				return err
			}
			watch(d)
		}
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if (kind == webrtc.RTPCodecTypeAudio && !r.Audio) || (kind == webrtc.RTPCodecTypeVideo && !r.Video) {
				continue
			}
			var err error
			if send {
				err = addEcho(pc, kind)
			} else {
				_, err = pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			}
			if err != nil {
				return err
			}
		}
		return local(pc, func() (webrtc.SessionDescription, error) { return pc.CreateOffer(nil) })
	case "answer":
		return pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: r.SDP})
	case "close-channel":
		channelsLock.Lock()
		defer channelsLock.Unlock()
		return channels[r.Label].Close()
	case "hang-up":
		if err := pc.Close(); err != nil {
			return err
		}
		return out.Encode(map[string]string{"type": "hung-up"})
	case "stats":
		return out.Encode(map[string]interface{}{
			"type": "stats", "state": pc.ConnectionState().String(), "inbound": inbound, "channels": channelStates(),
			"dataMessages": atomic.LoadUint64(&messages), "dataBytes": atomic.LoadUint64(&octets),
		})
	}
	return fmt.Errorf("unknown request %s", r.Type)
}

func main() {
	for _, a := range os.Args[1:] {
		kv := strings.SplitN(strings.TrimPrefix(a, "--"), "=", 2)
		opts[kv[0]] = strings.Join(kv[1:], "")
	}
	pc, err := open()
	if err != nil {
		fail("start", err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Type == "close" {
			break
		}
		if err := handle(pc, r); err != nil {
			fail(r.Type, err)
		}
	}
	_ = pc.Close()
}
