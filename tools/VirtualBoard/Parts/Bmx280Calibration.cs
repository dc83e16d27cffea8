using System.Buffers.Binary;

namespace VirtualBoard.Parts;

/// <summary>
/// The trimming values of one part, Bosch's compensation with them (BST-BME280-DS002, appendix A, double precision) and
/// its inverse. Temperature and pressure are the datasheet's example; it has none for humidity, so those are of the
/// size that dumps of real parts show.
/// </summary>
internal static class Bmx280Calibration
{
    public const int MaxRaw20 = 0xFFFFF;
    public const int MaxRaw16 = 0xFFFF;

    private const double T1 = 27504;
    private const double T2 = 26435;
    private const double T3 = -1000;
    private const double P1 = 36477;
    private const double P2 = -10685;
    private const double P3 = 3024;
    private const double P4 = 2855;
    private const double P5 = 140;
    private const double P6 = -7;
    private const double P7 = 15500;
    private const double P8 = -14600;
    private const double P9 = 6000;
    private const int H1 = 75;
    private const int H2 = 362;
    private const int H3 = 0;
    private const int H4 = 334;
    private const int H5 = 50;
    private const int H6 = 30;

    /// <summary>Writes the registers 0x88 to 0xA1, and 0xE1 to 0xE7 for humidity.</summary>
    public static void CopyTo(Span<byte> registers, bool hasHumidity)
    {
        double[] words = [T1, T2, T3, P1, P2, P3, P4, P5, P6, P7, P8, P9];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(registers[(0x88 + (2 * i))..], (ushort)(int)words[i]);
        }

        if (hasHumidity)
        {
            registers[0xA1] = H1;
            BinaryPrimitives.WriteInt16LittleEndian(registers[0xE1..], H2);
            registers[0xE3] = H3;
            registers[0xE4] = H4 >> 4;
            registers[0xE5] = (H4 & 0xF) | ((H5 & 0xF) << 4);
            registers[0xE6] = H5 >> 4;
            registers[0xE7] = H6;
        }
    }

    /// <summary>The temperature in the fine unit that the other two need: degrees Celsius times 5120.</summary>
    public static double FineTemperature(int raw)
    {
        double linear = ((raw / 16384.0) - (T1 / 1024.0)) * T2;
        double root = (raw / 131072.0) - (T1 / 8192.0);
        return linear + (root * root * T3);
    }

    /// <summary>Pressure in hectopascals.</summary>
    public static double Pressure(int raw, double fine)
    {
        double t = (fine / 2.0) - 64000.0;
        double offset = (((t * t * P6 / 32768.0) + (t * P5 * 2.0)) / 4.0) + (P4 * 65536.0);
        double slope = (1.0 + (((P3 * t * t / 524288.0) + (P2 * t)) / 524288.0 / 32768.0)) * P1;
        double p = (1048576.0 - raw - (offset / 4096.0)) * 6250.0 / slope;
        return (p + (((P9 * p * p / 2147483648.0) + (p * P8 / 32768.0) + P7) / 16.0)) / 100.0;
    }

    /// <summary>Humidity in percent, not cut off at 0 and 100.</summary>
    public static double Humidity(int raw, double fine)
    {
        double t = fine - 76800.0;
        double h = (raw - ((H4 * 64.0) + (H5 / 16384.0 * t)))
            * (H2 / 65536.0 * (1.0 + (H6 / 67108864.0 * t * (1.0 + (H3 / 67108864.0 * t)))));
        return h * (1.0 - (H1 * h / 524288.0));
    }

    /// <summary>
    /// The raw values that come nearest to a climate, within the 20 bits (humidity 16) of the registers.
    /// </summary>
    public static Bmx280Raw Invert(Climate climate)
    {
        int temperature = Nearest(MaxRaw20, raw => (FineTemperature(raw) / 5120.0) - climate.Temperature);
        double fine = FineTemperature(temperature);
        int pressure = Nearest(MaxRaw20, raw => climate.Pressure - Pressure(raw, fine));
        int humidity = Nearest(MaxRaw16, raw => Humidity(raw, fine) - climate.Humidity);
        return new Bmx280Raw(temperature, pressure, humidity);
    }

    // The error rises with raw: bisection to where it changes sign, then the better neighbour.
    private static int Nearest(int max, Func<int, double> error)
    {
        int low = 0;
        int high = max;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (error(middle) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && Math.Abs(error(low - 1)) < Math.Abs(error(low)) ? low - 1 : low;
    }
}

/// <summary>What the converters give: 20 bits, 20 bits and 16 bits.</summary>
public readonly record struct Bmx280Raw(int Temperature, int Pressure, int Humidity);
