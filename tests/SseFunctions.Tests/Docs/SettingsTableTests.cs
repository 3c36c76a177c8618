using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using SseFunctions.Api;
using SseFunctions.Configuration;
using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>The table of docs/settings.md says what the code reads.</summary>
public partial class SettingsTableTests
{
    private static readonly Dictionary<string, (string Default, string Range)> Rows = Row()
        .Matches(Repository.Read("docs", "settings.md").ReplaceLineEndings("\n").Split("\n## ")[0])
        .ToDictionary(row => row.Groups["name"].Value, row => (row.Groups["default"].Value, row.Groups["range"].Value.Replace("`", "", StringComparison.Ordinal)));

    /// <summary>What the app reads by itself, and what belongs to the Functions host and stands elsewhere.</summary>
    private static readonly Setting[] Settings = ReadAll();

    [Fact]
    public void Table_has_each_setting_once_and_no_other() =>
        Assert.Equal(Settings.Select(setting => setting.Name).Order(), Rows.Keys.Order());

    [Fact]
    public void Table_has_the_defaults() => Assert.Equal(
        Settings.Where(setting => setting.Default is not null).Select(setting => $"{setting.Name} `{setting.Default}`").Order(),
        Rows.Where(row => row.Value.Default.StartsWith('`')).Select(row => $"{row.Key} {row.Value.Default}").Order());

    /// <summary>In the words of the messages.</summary>
    [Fact]
    public void Table_has_what_is_allowed() => Assert.All(Settings, setting =>
    {
        var allowed = setting.Allowed.Split(", written ")[0].Split(", such as ")[0];
        Assert.StartsWith(allowed == "a text" ? "" : allowed, Rows[setting.Name].Range, StringComparison.Ordinal);
    });

    [Fact]
    public void Readme_names_settings_that_are_there() => Assert.Empty(
        Named().Matches(Repository.Read("README.md")).Select(match => match.Groups["name"].Value).Except(Rows.Keys));

    private static Setting[] ReadAll()
    {
        var reader = new SettingsReader(new ConfigurationBuilder().Build());
        SseFunctions.Api.Settings.Read(reader);
        return [.. reader.Known.Where(setting => !setting.Name.StartsWith("APPLICATIONINSIGHTS_", StringComparison.Ordinal))];
    }

    [GeneratedRegex(@"`(?<name>[A-Z][A-Za-z]+__[A-Za-z]+)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \|[^|]*\| (?<default>[^|]*) \| (?<range>[^|]*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
