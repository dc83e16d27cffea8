// A program on pip-services3-mqtt-node: sends an envelope for each line of standard input, and writes a line of JSON for each one that it has sent or received.
// node peer.js PORT TOPIC SERIALIZE_ENVELOPE
'use strict';
const readline = require('readline');
const { ConfigParams } = require('pip-services3-commons-node');
const { MessageEnvelope } = require('pip-services3-messaging-node');
const { MqttMessageQueue } = require('pip-services3-mqtt-node');

const [port, topic, serializeEnvelope] = process.argv.slice(2);
const say = (what, content) => console.log(JSON.stringify({ what, ...content }));

// It sends to its name and subscribes to its topic. Without autosubscribe it never counts as open.
const queue = new MqttMessageQueue(topic);
queue.configure(ConfigParams.fromTuples(
    'topic', topic,
    'client_id', `node-${topic}`,
    'connection.protocol', 'mqtt',
    'connection.host', '127.0.0.1',
    'connection.port', port,
    'options.serialize_envelope', serializeEnvelope,
    'options.autosubscribe', true,
    'options.qos', 1));

function send(line) {
    const { message_id, correlation_id, message_type, message } = JSON.parse(line);
    const envelope = new MessageEnvelope(correlation_id, message_type, null);
    envelope.message_id = message_id;
    envelope.message = message === null ? null : Buffer.from(message, 'base64');
    queue.send(null, envelope, err => err ? say('error', { text: String(err) }) : say('sent', envelope.toJSON()));
}

queue.open(null, err => {
    if (err) {
        say('error', { text: String(err) });
        process.exit(1);
    }

    queue.listen(null, {
        receiveMessage(message, from, callback) {
            say('received', message.toJSON());
            callback(null);
        }
    });
    say('ready');
});

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', send);
lines.on('close', () => process.exit(0));
