// The subject pip-services3-mqtt-node of tools/bench: a line of JSON on standard input is a command, and a line on standard output its answer.
'use strict';
const readline = require('readline');
const { ConfigParams } = require('pip-services3-commons-node');
const { MessageEnvelope } = require('pip-services3-messaging-node');
const { MqttMessageQueue } = require('pip-services3-mqtt-node');

const payload = Buffer.from(Array.from({ length: 100 }, (_, i) => 97 + (i % 26)));
const patienceMs = 30000;
let topics = 0;
let kept = null;

const now = () => Number(process.hrtime.bigint()) / 1e6;

// It sends to its name and subscribes to its topic. Without autosubscribe it never counts as open, so that one that only sends subscribes elsewhere.
function open(port, options) {
    const topic = options.topic || `node/${++topics}`;
    const queue = new MqttMessageQueue(topic);
    queue.configure(ConfigParams.fromTuples(
        'topic', options.hears ? topic : `${topic}/unused`,
        'client_id', `node-${process.pid}-${++topics}`,
        'connection.protocol', 'mqtt',
        'connection.host', '127.0.0.1',
        'connection.port', port,
        'options.serialize_envelope', options.envelope !== false,
        'options.autosubscribe', true,
        'options.qos', options.qos || 0));
    return new Promise((resolve, reject) => queue.open(null, err => err ? reject(err) : resolve(queue)));
}

const close = queue => new Promise(resolve => queue.close(null, resolve));

function newMessage(data) {
    const message = new MessageEnvelope('123', 'reading', null);
    message.message = data;
    return message;
}

async function throughput({ port, qos, envelope, ms, outstanding }) {
    const queue = await open(port, { qos, envelope });
    const start = now();
    let sent = 0;
    let waiting = 0;
    await new Promise((resolve, reject) => {
        const isOver = () => now() - start >= ms;
        const fill = () => {
            while (waiting < outstanding && !isOver()) {
                waiting++;
                sent++;
                queue.send(null, newMessage(payload), done);
            }
        };
        const done = err => {
            if (err) {
                reject(err);
                return;
            }

            waiting--;
            if (waiting === 0 && isOver()) {
                resolve();
            } else {
                fill();
            }
        };
        fill();
    });
    await new Promise(resolve => queue._connection.getConnection().publish('node/fence', '', { qos: 1 }, resolve));
    const seconds = (now() - start) / 1000;
    await close(queue);
    return sent / seconds;
}

async function listen({ port, messages, warmUp }) {
    const queue = await open(port, { hears: true });
    const latencies = [];
    await new Promise((resolve, reject) => {
        let start;
        const send = () => {
            const message = newMessage(payload);
            start = now();
            queue.send(null, message, err => err && reject(err));
        };
        queue.listen(null, {
            receiveMessage(message, from, callback) {
                latencies.push(now() - start);
                callback(null);
                if (latencies.length === warmUp + messages) {
                    resolve();
                } else {
                    setImmediate(send);
                }
            }
        });
        send();
    });
    await close(queue);
    return latencies.slice(warmUp);
}

async function receive({ port, messages, maxDelayMs }) {
    const queue = await open(port, { hears: true });
    const latencies = [];
    for (let i = 0; i < messages; i++) {
        let start;
        await new Promise((resolve, reject) => {
            queue.receive(null, patienceMs, (err, message) => err || !message ? reject(err) : resolve());
            setTimeout(() => {
                const message = newMessage(payload);
                start = now();
                queue.send(null, message);
            }, Math.random() * maxDelayMs);
        });
        latencies.push(now() - start);
    }

    await close(queue);
    return latencies;
}

function heap() {
    global.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
}

async function collect({ port }) {
    const queue = await open(port, { hears: true, qos: 1 });
    kept = { queue, before: heap() };
    return queue.getName();
}

async function collected({ messages }) {
    const count = () => new Promise(resolve => kept.queue.readMessageCount((err, value) => resolve(value)));
    while (await count() < messages) {
        await new Promise(resolve => setTimeout(resolve, 10));
    }

    const growth = heap() - kept.before;
    await close(kept.queue);
    return growth;
}

async function sendOne({ port, topic, text, envelope }) {
    const queue = await open(port, { topic, envelope });
    const message = new MessageEnvelope(null, null, null);
    message.setMessageAsString(text);
    await new Promise((resolve, reject) => queue.send(null, message, err => err ? reject(err) : resolve()));
    kept = { queue };
    return true;
}

async function closeKept() {
    await close(kept.queue);
    return true;
}

const commands = { throughput, listen, receive, collect, collected, sendOne, close: closeKept };
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', async line => {
    const request = JSON.parse(line);
    try {
        console.log(JSON.stringify(await commands[request.command](request)));
    } catch (err) {
        console.error(err);
        process.exit(1);
    }
});
lines.on('close', () => process.exit(0));
