using VirtualBoard;

namespace System.Device.Adc;

/// <summary>A pin of the first converter, at the attenuation of 12 dB that nf-interpreter sets.</summary>
public class AdcChannel : AdcChannelBase, IDisposable
{
    private readonly Boot _boot;
    private readonly int _pin;
    private bool _isDisposed;

    internal AdcChannel(AdcController controller, Boot boot, int pin)
        : base(controller)
    {
        _boot = boot;
        _pin = pin;
    }

    public override int ReadValue()
    {
        _boot.Pass();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _boot.Board.Gpio[_pin].Convert();
    }

    public void Dispose()
    {
        _isDisposed = true;
        GC.SuppressFinalize(this);
    }
}
