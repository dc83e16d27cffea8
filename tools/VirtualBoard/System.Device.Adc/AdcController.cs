using VirtualBoard;

namespace System.Device.Adc;

/// <summary>
/// The converters of the chip as nf-interpreter's driver for the ESP32 has them: both as one, and a channel can be
/// opened again and again. The second converter's channels, which cannot be had beside Wi-Fi, are never to be had here.
/// </summary>
public class AdcController : AdcControllerBase
{
    private const int Bits = 12;

    private readonly Boot _boot;

    public AdcController()
    {
        _boot = Board.CurrentBoot;
        _boot.Pass();
    }

    public override int ChannelCount => _boot.Board.Model.AdcChannels;

    public override AdcChannelMode ChannelMode { get; set; }

    public override int MaxValue => (1 << Bits) - 1;

    public override int MinValue => 0;

    public override int ResolutionInBits => Bits;

    public override bool IsChannelModeSupported(AdcChannelMode channelMode) =>
        channelMode == AdcChannelMode.SingleEnded;

    /// <exception cref="ArgumentException">There is no such channel.</exception>
    /// <exception cref="InvalidOperationException">It is one of the second converter.</exception>
    public override AdcChannel OpenChannel(int channelNumber)
    {
        _boot.Pass();
        int[] pins = _boot.Board.Model.Adc1;
        if (channelNumber < 0 || channelNumber >= ChannelCount)
        {
            throw new ArgumentException(null);
        }

        return channelNumber < pins.Length
            ? new AdcChannel(this, _boot, pins[channelNumber])
            : throw new InvalidOperationException();
    }
}
