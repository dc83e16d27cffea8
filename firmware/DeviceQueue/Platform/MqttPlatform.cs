using System.Collections;
using DeviceQueue.Components;
using DeviceQueue.Connecting;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;

namespace DeviceQueue.Platform
{
    /// <summary>All that a queue needs of the board or the desktop it runs on.</summary>
    public class MqttPlatform
    {
        private ArrayList _stored; // the queues that have a file

        /// <summary>
        /// Gets or sets the device id, from which client ids are made; <see langword="null"/> when configurations name
        /// it.
        /// </summary>
        public string DeviceId { get; set; }

        /// <summary>Gets or sets the clock.</summary>
        public IClock Clock { get; set; }

        /// <summary>Gets or sets the source of chance.</summary>
        public IRandom Random { get; set; }

        /// <summary>Gets or sets the storage, or <see langword="null"/> when no setting names a file.</summary>
        public IStore Store { get; set; }

        /// <summary>Gets or sets the console.</summary>
        public ILogger Logger { get; set; }

        /// <summary>Gets or sets the MQTT client library.</summary>
        public IMqttLinkFactory Links { get; set; }

        /// <summary>Gets or sets the network below it, or <see langword="null"/> when that is always there.</summary>
        public INetwork Network { get; set; }

        /// <summary>
        /// Gets what counts the messages that are lost, or <see langword="null"/>: each queue has counts of its own.
        /// </summary>
        public virtual Counts Drops => null;

        /// <summary>Finds who else writes a queue's file: two would write over one another.</summary>
        /// <param name="queue">A queue that has a file and is about to open.</param>
        /// <returns>
        /// An open queue with the same file, or <see langword="null"/>: the file is the queue's until it is closed.
        /// </returns>
        internal MqttMessageQueue FindRival(MqttMessageQueue queue)
        {
            lock (this)
            {
                _stored ??= new ArrayList();
                for (int i = _stored.Count - 1; i >= 0; i--)
                {
                    MqttMessageQueue other = (MqttMessageQueue)_stored[i];
                    if (other != queue && other.IsOpen && other.Options.Outbox == queue.Options.Outbox)
                    {
                        return other;
                    }

                    if (other == queue || !other.IsOpen)
                    {
                        _stored.RemoveAt(i);
                    }
                }

                _stored.Add(queue);
                return null;
            }
        }
    }
}
