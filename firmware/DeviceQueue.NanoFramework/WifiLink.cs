using System;
using System.Net.NetworkInformation;
using System.Threading;
using DeviceQueue.Mqtt;
using nanoFramework.Networking;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// The board's Wi-Fi, with the credentials of its own wireless configuration. Once up, the native layer reconnects
    /// by itself.
    /// </summary>
    public sealed class WifiLink : INetwork
    {
        private const string NoAddress = "0.0.0.0";

        /// <inheritdoc/>
        public bool IsReady
        {
            get
            {
                NetworkInterface[] all = NetworkInterface.GetAllNetworkInterfaces();
                return all.Length > 0 && !string.IsNullOrEmpty(all[0].IPv4Address) && all[0].IPv4Address != NoAddress;
            }
        }

        /// <summary>Reads the MAC address.</summary>
        /// <returns>Six bytes, or <see langword="null"/> when the board has no network interface or does not
        /// tell.</returns>
        public static byte[] GetPhysicalAddress()
        {
            try
            {
                NetworkInterface[] all = NetworkInterface.GetAllNetworkInterfaces();
                return all.Length > 0 ? all[0].PhysicalAddress : null;
            }
            catch (Exception)
            {
                return null;
            }
        }

        /// <inheritdoc/>
        public bool TryBringUp(int timeoutMs, out string detail)
        {
            detail = null;
            try
            {
                // With a default token this call would wait for ever.
                using CancellationTokenSource timeout = new CancellationTokenSource(timeoutMs);
                if (WifiNetworkHelper.Reconnect(false, 0, timeout.Token))
                {
                    return true;
                }

                detail = "Wi-Fi gave no address in " + timeoutMs.ToString() + " ms (status "
                    + ((int)WifiNetworkHelper.Status).ToString() + ")";
            }
            catch (Exception e)
            {
                detail = "Wi-Fi: " + e.Message;
            }

            return false;
        }
    }
}
