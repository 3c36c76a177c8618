using System.Globalization;
using System.Text.RegularExpressions;
using SseFunctions.EndToEnd.Streams;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>The black-box tests once more, against the function app under func, where that is there.</summary>
/// <remarks>
/// In a test run of its own, with SSE_TARGET as for any other target, because what is missing should be reported in one skipped
/// test rather than in each of the suite.
/// </remarks>
public sealed partial class FuncTests(ITestOutputHelper output)
{
    /// <summary>Only to keep a run that has gone wrong from hanging.</summary>
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(10);

    [SkippableFact]
    public async Task Function_app_passes_the_black_box_tests_under_func()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(FuncHost.Missing is not null, FuncHost.Missing);
        await using var func = await FuncHost.StartAsync();
        await using var run = WatchedProcess.Start(
            "dotnet",
            ["test", typeof(FuncTests).Assembly.Location, "--filter", $"FullyQualifiedName~+{nameof(StreamTests.Direct)}."],
            AppContext.BaseDirectory,
            [new(Target.UrlVariable, func.BaseAddress.AbsoluteUri), new("DOTNET_CLI_UI_LANGUAGE", "en")]);

        var exitCode = await run.ExitAsync(RunTimeout);

        output.WriteLine(run.Output);
        var summary = Summary().Match(run.Output);
        Assert.True(exitCode == 0 && summary.Success, $"{run.Output}\n\nfunc:\n{func.Output}");
        var tests = typeof(FuncTests).Assembly.GetTypes()
            .Where(type => type.Name == nameof(StreamTests.Direct))
            .SelectMany(type => type.GetMethods())
            .Count(method => method.IsDefined(typeof(FactAttribute), inherit: true));
        Assert.True(int.Parse(summary.Groups["total"].Value, CultureInfo.InvariantCulture) >= tests, $"not all of {tests} were run");
    }

    [GeneratedRegex(@"Failed: +0, Passed: +[1-9][0-9]*, Skipped: +[0-9]+, Total: +(?<total>[0-9]+)")]
    private static partial Regex Summary();
}
