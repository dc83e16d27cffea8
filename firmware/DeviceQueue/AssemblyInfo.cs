using System.Runtime.CompilerServices;

// The half of the library that a board's image does not have.
[assembly: InternalsVisibleTo("DeviceQueue.Components")]
