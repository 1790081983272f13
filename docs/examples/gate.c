/* A turnstile: lines "enter ACCOUNT" and "exit ACCOUNT" on standard input, to an engine as messages of the contract.

   cc -o gate docs/examples/gate.c -lzmq && ./gate door tcp://127.0.0.1:5555 < a-card-reader                        */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static unsigned char body[1024];
static size_t used;

/* The little of msgpack that a gate needs. */
static void map(int keys) { body[0] = 0x80 | keys; used = 1; }

static void text(const char *word) {
    size_t length = strlen(word);
    body[used++] = 0xd9;
    body[used++] = (unsigned char)length;
    memcpy(body + used, word, length);
    used += length;
}

static void number(const char *key, uint64_t value) {
    text(key);
    body[used++] = 0xcf;
    for (int shift = 56; shift >= 0; shift -= 8) body[used++] = (unsigned char)(value >> shift);
}

static void pair(const char *key, const char *word) { text(key); text(word); }

/* Begin a message of a kind, with so many keys of its own. */
static void begin(const char *kind, const char *src, int keys) {
    static uint64_t seq;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    map(5 + keys);
    number("v", 1);
    pair("kind", kind);
    pair("src", src);
    number("seq", seq++);
    number("t", (uint64_t)now.tv_sec * 1000000000u + now.tv_nsec);
}

static int send_it(void *socket, const char *kind, const char *src) {
    char topic[80];
    snprintf(topic, sizeof topic, "%s/%s", kind, src);
    return zmq_send(socket, topic, strlen(topic), ZMQ_SNDMORE) < 0 || zmq_send(socket, body, used, 0) < 0;
}

int main(int count, char **words) {
    if (count != 3) return fprintf(stderr, "usage: gate GATE ADDRESS\n"), 2;
    const char *gate = words[1];
    int linger_ms = 10000; /* that what is queued may take to leave when we end */
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (zmq_connect(socket, words[2])) return fprintf(stderr, "gate: %s: %s\n", words[2], zmq_strerror(zmq_errno())), 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* so that poll sees every line that waits */
    struct pollfd input = {.fd = 0, .events = POLLIN};
    char event[8], account[65], line[96];
    for (;;) {
        begin("health", gate, 2);
        pair("state", "ok");
        pair("text", "");
        if (send_it(socket, "health", gate)) break;
        if (poll(&input, 1, 1000) == 0) continue; /* nobody came for a second */
        if (!fgets(line, sizeof line, stdin)) break;
        if (sscanf(line, "%7s %64s", event, account) != 2) continue;
        begin("gate", gate, 5);
        pair("gate", gate);
        pair("event", event);
        pair("account", account);
        number("party", 1);
        pair("role", "shopper");
        if (send_it(socket, "gate", gate)) break;
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
