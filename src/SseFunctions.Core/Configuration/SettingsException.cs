namespace SseFunctions.Configuration;

/// <summary>The app cannot start with these settings. Names all faults at once.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception("The settings have faults:" + string.Concat(faults.Select(fault => $"{Environment.NewLine}  {fault}")))
{
    /// <summary>One line a fault: the setting, its value and what is allowed.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
