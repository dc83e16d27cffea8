namespace Iot.Device.Bmxx80
{
    public enum Sampling : byte
    {
        Skipped = 0,
        UltraLowPower = 1,
        LowPower = 2,
        Standard = 3,
        HighResolution = 4,
        UltraHighResolution = 5,
    }

    public enum StandbyTime : byte
    {
        Ms0_5 = 0,
        Ms62_5 = 1,
        Ms125 = 2,
        Ms250 = 3,
        Ms500 = 4,
        Ms1000 = 5,
        Ms10 = 6,
        Ms20 = 7,
    }
}

namespace Iot.Device.Bmxx80.FilteringMode
{
    public enum Bmx280FilteringMode : byte
    {
        Off = 0,
        X2 = 1,
        X4 = 2,
        X8 = 3,
        X16 = 4,
    }
}

namespace Iot.Device.Bmxx80.PowerMode
{
    public enum Bmx280PowerMode : byte
    {
        Sleep = 0,
        Forced = 2,
        Normal = 3,
    }
}
