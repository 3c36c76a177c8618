using System.Text.RegularExpressions;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>azure.yaml, as far as the tests want it: its one service.</summary>
internal static partial class AzureYaml
{
    public static (string Name, string Project) Service()
    {
        var match = OneService().Match(Repository.Read("azure.yaml").ReplaceLineEndings("\n"));
        Assert.True(match.Success, "azure.yaml has not one service that begins with its project.");
        return (match.Groups["name"].Value, match.Groups["project"].Value);
    }

    [GeneratedRegex(@"^services:\n  (?<name>[\w-]+):\n    project: (?<project>\S+)\n", RegexOptions.Multiline)]
    private static partial Regex OneService();
}
