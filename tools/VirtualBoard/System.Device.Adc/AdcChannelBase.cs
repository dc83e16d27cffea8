namespace System.Device.Adc;

public abstract class AdcChannelBase
{
    private protected AdcChannelBase(AdcController controller) => Controller = controller;

    public AdcController Controller { get; }

    public abstract int ReadValue();

    public double ReadRatio() => ReadValue() / (double)Controller.MaxValue;
}
