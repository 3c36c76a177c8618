using System.Diagnostics;

namespace SseFunctions.Benchmarks;

/// <summary>This program again, in another process, for a part that must not share the server's.</summary>
internal static class OwnProcess
{
    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[typeof(OwnProcess).Assembly.Location, .. arguments])
            start.ArgumentList.Add(argument);

        return Process.Start(start)!;
    }
}
