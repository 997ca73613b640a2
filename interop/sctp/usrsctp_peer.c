/* usrsctp as a bare SCTP association over UDP (one SCTP packet a datagram, as inside
 * DTLS), for SCTP tests without ICE and DTLS.
 *
 *   cc -O2 -o usrsctp-peer usrsctp_peer.c $(pkg-config --cflags --libs usrsctp) -lpthread
 *   usrsctp-peer LOCAL_PORT REMOTE_PORT [accept|connect] [SCTP_PORT]
 *
 * Datagrams go between 127.0.0.1:LOCAL_PORT and 127.0.0.1:REMOTE_PORT; the SCTP port is
 * 5000 on both sides. Every message is echoed on its stream with its PPID. Prints a line
 * for each event. Ends when stdin closes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <usrsctp.h>

static int udp;

static int on_output(void *addr, void *buffer, size_t length, uint8_t tos, uint8_t set_df)
{
	(void)addr, (void)tos, (void)set_df;
	return send(udp, buffer, length, 0) < 0 ? errno : 0;
}

static void *read_udp(void *arg)
{
	char buffer[65536];
	for (;;) {
		ssize_t n = recv(udp, buffer, sizeof buffer, 0);
		if (n > 0)
			usrsctp_conninput(&udp, buffer, n, 0);
	}
	return arg;
}

static void on_notification(union sctp_notification *n)
{
	switch (n->sn_header.sn_type) {
	case SCTP_ASSOC_CHANGE:
		printf("{\"type\":\"assoc\",\"state\":%d,\"out\":%d,\"in\":%d}\n", n->sn_assoc_change.sac_state,
		       n->sn_assoc_change.sac_outbound_streams, n->sn_assoc_change.sac_inbound_streams);
		break;
	case SCTP_STREAM_RESET_EVENT:
		printf("{\"type\":\"reset\",\"flags\":%d}\n", n->sn_strreset_event.strreset_flags);
		break;
	default:
		printf("{\"type\":\"notification\",\"number\":%d}\n", n->sn_header.sn_type);
	}
}

static int on_receive(struct socket *s, union sctp_sockstore addr, void *data, size_t length, struct sctp_rcvinfo info, int flags, void *user)
{
	(void)addr, (void)user;
	if (data == NULL)
		return 1;
	if (flags & MSG_NOTIFICATION) {
		on_notification(data);
	} else {
		struct sctp_sendv_spa spa = { .sendv_flags = SCTP_SEND_SNDINFO_VALID };
		spa.sendv_sndinfo.snd_sid = info.rcv_sid;
		spa.sendv_sndinfo.snd_ppid = info.rcv_ppid;
		spa.sendv_sndinfo.snd_flags = (flags & MSG_EOR ? SCTP_EOR : 0) | (info.rcv_flags & SCTP_UNORDERED);
		printf("{\"type\":\"data\",\"stream\":%u,\"ppid\":%u,\"length\":%zu,\"end\":%s}\n", info.rcv_sid, ntohl(info.rcv_ppid), length, flags & MSG_EOR ? "true" : "false");
		if (usrsctp_sendv(s, data, length, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0) < 0)
			printf("{\"type\":\"error\",\"message\":\"send: %s\"}\n", strerror(errno));
	}
	fflush(stdout);
	free(data);
	return 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct socket *new_socket(void)
{
	struct socket *s = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, on_receive, NULL, 0, NULL);
	int on = 1;
	int room = 8 << 20; /* an echo that finds no room would block the thread that reads */
	uint16_t events[] = { SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_SEND_FAILED_EVENT };
	struct sctp_assoc_value reset = { .assoc_id = SCTP_ALL_ASSOC, .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ };
	struct sctp_initmsg init = { .sinit_num_ostreams = 1024, .sinit_max_instreams = 1024 };
	if (!s)
		die("usrsctp_socket");
	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		struct sctp_event e = { .se_assoc_id = SCTP_ALL_ASSOC, .se_on = 1, .se_type = events[i] };
		usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_EVENT, &e, sizeof e);
	}
	usrsctp_setsockopt(s, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	usrsctp_setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
	usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &reset, sizeof reset);
	usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, &on, sizeof on);
	usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
	return s;
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	struct socket *s;
	struct sockaddr_conn conn = { .sconn_family = AF_CONN, .sconn_addr = &udp };
	char byte;
	if (argc < 3) {
		fprintf(stderr, "usage: %s LOCAL_PORT REMOTE_PORT [accept|connect] [SCTP_PORT]\n", argv[0]);
		return 2;
	}
	struct sockaddr_in local = loopback(atoi(argv[1])), remote = loopback(atoi(argv[2]));
	int connects = argc > 3 && !strcmp(argv[3], "connect");
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(udp, (void *)&local, sizeof local) || connect(udp, (void *)&remote, sizeof remote))
		die("udp");
	usrsctp_init(0, on_output, NULL);
	usrsctp_sysctl_set_sctp_ecn_enable(0);
	usrsctp_register_address(&udp);
	pthread_create(&thread, NULL, read_udp, NULL);
	s = new_socket();
	conn.sconn_port = htons(argc > 4 ? atoi(argv[4]) : 5000);
	if (usrsctp_bind(s, (void *)&conn, sizeof conn))
		die("usrsctp_bind");
	printf("{\"type\":\"ready\"}\n");
	fflush(stdout);
	if (connects) {
		if (usrsctp_connect(s, (void *)&conn, sizeof conn))
			die("usrsctp_connect");
	} else {
		usrsctp_listen(s, 1);
		if (!usrsctp_accept(s, NULL, NULL))
			die("usrsctp_accept");
	}
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
