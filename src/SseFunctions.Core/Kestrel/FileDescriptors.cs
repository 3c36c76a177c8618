using System.Globalization;

namespace SseFunctions.Kestrel;

/// <summary>How many files and sockets the process may have open (RLIMIT_NOFILE).</summary>
internal static class FileDescriptors
{
    private const string LimitsFile = "/proc/self/limits";
    private const string LimitName = "Max open files";

    /// <summary>Null where there is no limit, or no Linux to say so.</summary>
    public static long? Limit => File.Exists(LimitsFile) ? Parse(File.ReadAllText(LimitsFile)) : null;

    /// <param name="limits">The file's text: a line a limit, with its name, the soft limit, the hard limit and the unit.</param>
    public static long? Parse(string limits)
    {
        var line = limits.Split('\n').FirstOrDefault(line => line.StartsWith(LimitName, StringComparison.Ordinal));
        var soft = line?[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
