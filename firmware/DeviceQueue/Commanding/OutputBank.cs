using DeviceQueue.Configuring;

namespace DeviceQueue.Commanding
{
    /// <summary>Hears of an output that changed.</summary>
    /// <param name="index">Which output.</param>
    public delegate void OutputChanged(int index);

    /// <summary>The named outputs. Each is driven to its safe state as the bank is made, before its pin becomes an output.</summary>
    public sealed class OutputBank
    {
        private readonly IOutputPins _pins;
        private readonly OutputSettings[] _outputs;
        private readonly bool[] _isOn;

        /// <summary>Initializes a new instance of the <see cref="OutputBank"/> class and drives every output to its safe state.</summary>
        /// <param name="outputs">The outputs; names are unique.</param>
        /// <param name="pins">Their pins.</param>
        public OutputBank(OutputSettings[] outputs, IOutputPins pins)
        {
            _outputs = outputs;
            _pins = pins;
            _isOn = new bool[outputs.Length];
            for (int i = 0; i < outputs.Length; i++)
            {
                _isOn[i] = outputs[i].IsSafeOn;
                pins.Open(outputs[i].Pin, LevelOf(i, outputs[i].IsSafeOn));
            }
        }

        /// <summary>Raised after an output took another state.</summary>
        public event OutputChanged Changed;

        /// <summary>Gets how many outputs there are.</summary>
        public int Count => _outputs.Length;

        /// <summary>Finds an output.</summary>
        /// <param name="name">Its name.</param>
        /// <returns>Its index, or -1 when there is none of that name.</returns>
        public int Find(string name)
        {
            for (int i = 0; i < _outputs.Length; i++)
            {
                if (_outputs[i].Name == name)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Gets an output's name.</summary>
        /// <param name="index">Which output.</param>
        /// <returns>The name.</returns>
        public string GetName(int index)
        {
            return _outputs[index].Name;
        }

        /// <summary>Gets an output's state.</summary>
        /// <param name="index">Which output.</param>
        /// <returns>Whether it is on, whatever level that is.</returns>
        public bool IsOn(int index)
        {
            return _isOn[index];
        }

        /// <summary>Switches an output.</summary>
        /// <param name="index">Which output.</param>
        /// <param name="isOn">Whether it is to be on; what the pins throw goes to the caller, and the state is then the old one.</param>
        public void Set(int index, bool isOn)
        {
            bool isChange = _isOn[index] != isOn;
            _pins.Write(_outputs[index].Pin, LevelOf(index, isOn));
            _isOn[index] = isOn;
            if (isChange && Changed != null)
            {
                Changed(index);
            }
        }

        private bool LevelOf(int index, bool isOn)
        {
            return isOn == _outputs[index].IsActiveHigh;
        }
    }
}
