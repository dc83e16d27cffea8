// libmosquitto alone. "bare load PORT QOS BYTES SECONDS" prints messages per second, with 64 outstanding;
// "bare listen PORT BYTES MESSAGES" the milliseconds from each send to its listener. Needs no headers of the library.
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OUTSTANDING = 64, WARM_UP = 200, TCP_NO_DELAY = 11 };

struct mosquitto;
int mosquitto_lib_init(void);
struct mosquitto *mosquitto_new(const char *id, bool clean_session, void *state);
int mosquitto_int_option(struct mosquitto *client, int option, int value);
int mosquitto_max_inflight_messages_set(struct mosquitto *client, unsigned count);
int mosquitto_connect(struct mosquitto *client, const char *host, int port, int keepalive);
int mosquitto_loop_start(struct mosquitto *client);
int mosquitto_publish(
    struct mosquitto *client, int *id, const char *topic, int length, const void *payload, int qos, bool retain);
int mosquitto_subscribe(struct mosquitto *client, int *id, const char *filter, int qos);
void mosquitto_connect_callback_set(struct mosquitto *client, void (*f)(struct mosquitto *, void *, int));
void mosquitto_subscribe_callback_set(
    struct mosquitto *client, void (*f)(struct mosquitto *, void *, int, int, const int *));
void mosquitto_publish_callback_set(struct mosquitto *client, void (*f)(struct mosquitto *, void *, int));
void mosquitto_message_callback_set(struct mosquitto *client, void (*f)(struct mosquitto *, void *, const void *));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER;
static int outstanding;
static sem_t event;
static double received_ms;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void on_connect(struct mosquitto *client, void *state, int code)
{
    if (code) exit(1);
    sem_post(&event);
}

static void on_subscribe(struct mosquitto *client, void *state, int id, int count, const int *granted)
{
    sem_post(&event);
}

static void on_message(struct mosquitto *client, void *state, const void *message)
{
    received_ms = now_ms();
    sem_post(&event);
}

// A sender that has filled the window goes on when half is done: to be woken for each message would cost more than it.
static void on_publish(struct mosquitto *client, void *state, int id)
{
    pthread_mutex_lock(&lock);
    outstanding--;
    if (outstanding == 0 || outstanding == OUTSTANDING / 2) pthread_cond_signal(&room);
    pthread_mutex_unlock(&lock);
}

static void wait_until_at_most(int count)
{
    pthread_mutex_lock(&lock);
    while (outstanding > count) pthread_cond_wait(&room, &lock);
    outstanding++;
    pthread_mutex_unlock(&lock);
}

static void load(struct mosquitto *client, int qos, int bytes, const char *payload, double seconds)
{
    mosquitto_publish_callback_set(client, on_publish);
    long sent = 0;
    double start = now_ms();
    for (; now_ms() - start < seconds * 1e3; sent++) {
        wait_until_at_most(OUTSTANDING - 1);
        if (mosquitto_publish(client, NULL, "bare/load", bytes, payload, qos, false)) exit(1);
    }

    // The fence behind them is acknowledged when the broker has all.
    wait_until_at_most(OUTSTANDING - 1);
    mosquitto_publish(client, NULL, "bare/fence", 0, NULL, 1, false);
    wait_until_at_most(0);
    printf("%f\n", sent / (now_ms() - start) * 1e3);
}

static void listen_to_own(struct mosquitto *client, int bytes, const char *payload, int messages)
{
    mosquitto_message_callback_set(client, on_message);
    mosquitto_subscribe(client, NULL, "bare/listen", 0);
    sem_wait(&event);
    for (int i = -WARM_UP; i < messages; i++) {
        double sent = now_ms();
        if (mosquitto_publish(client, NULL, "bare/listen", bytes, payload, 0, false)) exit(1);
        sem_wait(&event);
        if (i >= 0) printf("%f\n", received_ms - sent);
    }
}

int main(int count, char **words)
{
    bool is_load = count == 6 && !strcmp(words[1], "load");
    if (!is_load && !(count == 5 && !strcmp(words[1], "listen"))) return 2;
    int bytes = atoi(words[is_load ? 4 : 3]);
    char *payload = calloc(1, bytes + 1);
    memset(payload, 'a', bytes);
    sem_init(&event, 0, 0);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new(NULL, true, NULL);
    mosquitto_int_option(client, TCP_NO_DELAY, 1);
    mosquitto_max_inflight_messages_set(client, 0);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    if (mosquitto_connect(client, "127.0.0.1", atoi(words[2]), 60) || mosquitto_loop_start(client)) return 1;
    sem_wait(&event);
    if (is_load) load(client, atoi(words[3]), bytes, payload, atof(words[5]));
    else listen_to_own(client, bytes, payload, atoi(words[4]));
    return 0;
}
