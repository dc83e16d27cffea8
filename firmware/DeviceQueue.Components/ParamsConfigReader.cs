using DeviceQueue.Configuration;

namespace DeviceQueue.Components
{
    /// <summary>Goes through a <see cref="ConfigParams"/>.</summary>
    public sealed class ParamsConfigReader : ConfigReader
    {
        private readonly ConfigParams _config;
        private string _key;
        private int _next;

        /// <summary>Initializes a reader before the first key.</summary>
        /// <param name="config">The configuration.</param>
        /// <param name="problems">Takes what is not allowed.</param>
        public ParamsConfigReader(ConfigParams config, ConfigProblems problems)
            : base(problems)
        {
            _config = config;
        }

        /// <inheritdoc/>
        public override string Key => _key;

        /// <inheritdoc/>
        public override string Value => _config.Get(_key);

        /// <inheritdoc/>
        public override bool Read()
        {
            if (_next == _config.Count)
            {
                return false;
            }

            _key = _config.GetKey(_next++);
            return true;
        }
    }
}
