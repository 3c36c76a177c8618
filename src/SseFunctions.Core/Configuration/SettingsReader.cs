using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace SseFunctions.Configuration;

/// <summary>Reads settings one by one and collects what is wrong with them, so that one message names all faults.</summary>
internal sealed class SettingsReader
{
    private readonly Dictionary<string, Setting> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> lists = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> faults;
    private readonly IConfiguration configuration;
    private readonly string section;
    private readonly Dictionary<string, string> given;

    /// <param name="configuration">All of the app's.</param>
    /// <param name="section">The section that has the settings; "" where they stand at the top.</param>
    /// <param name="given">Settings that the app's code gives, which win: names as app settings have them, without the section.</param>
    public SettingsReader(IConfiguration configuration, string section = "", IEnumerable<KeyValuePair<string, string>>? given = null)
        : this(configuration, section, given, [])
    {
    }

    private SettingsReader(IConfiguration configuration, string section, IEnumerable<KeyValuePair<string, string>>? given, List<string> faults)
    {
        (this.configuration, this.section, this.faults) = (configuration, section, faults);
        this.given = (given ?? []).ToDictionary(pair => KeyOf(pair.Key), pair => pair.Value, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All of the app's settings, in whatever section.</summary>
    public IConfiguration Configuration => configuration;

    /// <summary>All settings that have been read, whether they are set or not.</summary>
    public IReadOnlyCollection<Setting> Known => known.Values;

    /// <summary>What a setting has; null where it is not set.</summary>
    /// <param name="key">The setting, sections separated by ':'.</param>
    public string? Value(string key) => given.GetValueOrDefault(key) ?? configuration[Path(key)];

    /// <summary>The numbers of a list's elements that have members: 0 for Issuers__0__Audience.</summary>
    public IEnumerable<string> Elements(string key) => configuration.GetSection(Path(key)).GetChildren().Select(child => child.Key)
        .Concat(given.Keys.Where(name => name.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)).Select(name => name[(key.Length + 1)..].Split(':')[0]))
        .Where(IsNumber)
        .Distinct()
        .OrderBy(number => int.Parse(number, CultureInfo.InvariantCulture));

    /// <summary>The setting as messages name it.</summary>
    public string NameOf(string key) => Setting.NameOf(configuration is IConfigurationSection whole ? ConfigurationPath.Combine(whole.Path, Path(key)) : Path(key));

    /// <summary>Reads what others set beside the section, and adds its faults to these.</summary>
    public SettingsReader AtTop() => new(configuration, section: "", given: null, faults);

    /// <summary>A text; null or the default when it is not set or empty.</summary>
    /// <param name="key">The setting, sections separated by ':'.</param>
    /// <param name="fallback">Its value when it is not set.</param>
    /// <param name="allowed">What is allowed, as a noun.</param>
    /// <param name="isAllowed">Null when any text is.</param>
    /// <param name="isSecret">Whether the value must not be shown.</param>
    public string? Text(string key, string? fallback = null, string allowed = "a text", Func<string, bool>? isAllowed = null, bool isSecret = false)
    {
        known[key] = new Setting(NameOf(key), fallback, allowed);
        if (Value(key) is not { Length: > 0 } text)
            return fallback;

        if (isAllowed?.Invoke(text) != false)
            return text;

        Refuse(key, text, allowed, isSecret);
        return fallback;
    }

    /// <summary>A duration, written as <see cref="DurationText"/> says.</summary>
    /// <param name="key">The setting, sections separated by ':'.</param>
    /// <param name="fallback">Its value when it is not set; it need not be in the range.</param>
    /// <param name="why">Where the range comes from, if not from here alone.</param>
    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan min, TimeSpan max, string why = "") => Read(
        key,
        fallback,
        text => DurationText.Parse(text) is { } value && value >= min && value <= max ? value : null,
        $"a duration from {DurationText.From(min)} to {DurationText.From(max)}, written {DurationText.Format}{why}",
        DurationText.From);

    /// <summary>A whole number, written in digits.</summary>
    public long Number(string key, long fallback, long min, long max) => Read(
        key,
        fallback,
        text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : null,
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool fallback) =>
        Read(key, fallback, text => bool.TryParse(text, out var value) ? value : null, "true or false", value => value ? "true" : "false");

    /// <summary>Texts separated by commas, or a list as .NET writes it: the setting's name with __0, __1 and so on.</summary>
    /// <remarks>Where the sources of the configuration have both, the one that overrides the other counts, as for a single text.</remarks>
    public IReadOnlyList<string> List(string key, string allowed, Func<string, bool> isAllowed)
    {
        lists.Add(key);
        known[key] = new Setting(NameOf(key), null, allowed);
        var texts = !given.ContainsKey(key) && IsListed(Path(key))
            ? configuration.GetSection(Path(key)).GetChildren().Where(element => IsNumber(element.Key)).Select(element => element.Value ?? "")
            : [Value(key) ?? ""];
        var values = texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        foreach (var value in values.Where(value => !isAllowed(value)))
            Refuse(key, value, allowed);

        return values;
    }

    /// <param name="key">The setting, sections separated by ':'.</param>
    /// <param name="fallback">Its value when it is not set.</param>
    /// <param name="parse">Null for what is not allowed.</param>
    /// <param name="allowed">What is allowed, as a noun.</param>
    /// <param name="write">Writes the default as a setting; null for <c>ToString</c>.</param>
    public T Read<T>(string key, T fallback, Func<string, T?> parse, string allowed, Func<T, string>? write = null)
        where T : struct
    {
        T? read = null;
        Text(key, write?.Invoke(fallback) ?? fallback.ToString(), allowed, text => (read = parse(text)) is not null);
        return read ?? fallback;
    }

    /// <summary>Adds the fault that a setting has a wrong value.</summary>
    public void Refuse(string key, string text, string allowed, bool isSecret = false) =>
        Refuse($"{NameOf(key)} is {(isSecret ? $"a text of {text.Length} characters" : $"'{text}'")}; allowed is {allowed}.");

    public void Refuse(string fault) => faults.Add(fault);

    /// <summary>Refuses what is set in a section, at any depth, and nobody has read: usually a misspelt name.</summary>
    /// <param name="root">The section's name, or that of a setting without a section, which has nothing below it.</param>
    public void RefuseUnknown(string root) => RefuseUnknownIn(root, root, configuration.GetSection(Path(root)));

    /// <summary>Refuses what the app's code gives and nobody has read.</summary>
    public void RefuseUnknownGiven()
    {
        foreach (var key in given.Keys.Where(key => !known.ContainsKey(key)))
            Refuse($"{Setting.NameOf(key)}, which the app's code sets, is not a setting.");
    }

    /// <exception cref="SettingsException">There were faults.</exception>
    public void ThrowIfFaulty()
    {
        if (faults.Count > 0)
            throw new SettingsException(faults);
    }

    /// <param name="parent">The key of the section that is looked at.</param>
    private void RefuseUnknownIn(string root, string parent, IConfigurationSection parentSection)
    {
        foreach (var child in parentSection.GetChildren())
        {
            var key = ConfigurationPath.Combine(parent, child.Key);
            var isElement = lists.Contains(parent) && IsNumber(child.Key);
            if (!isElement && !known.ContainsKey(key) && (child.Value is not null || !child.GetChildren().Any()))
                Refuse($"{NameOf(key)} is not a setting; {root} has {string.Join(", ", known.Where(IsIn(root)).Select(setting => setting.Value.Name))}.{Hint(root)}");

            RefuseUnknownIn(root, key, child);
        }
    }

    /// <summary>What helps an app that has a section of its own by this name.</summary>
    private string Hint(string root) => section.Length > 0 || configuration is IConfigurationSection || known.ContainsKey(root)
        ? ""
        : $" Where {root} is a section of the app's own, sse.Section in AddSseFunctions gives another to the emitter's settings.";

    private static string KeyOf(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);

    private string Path(string key) => section.Length == 0 ? key : $"{section}{ConfigurationPath.KeyDelimiter}{key}";

    /// <summary>Whether the setting is given as a list by the last source that gives it at all.</summary>
    /// <param name="path">With its section.</param>
    private bool IsListed(string path)
    {
        foreach (var source in (configuration as IConfigurationRoot)?.Providers.Reverse() ?? [])
        {
            var (isListed, isText) = (source.GetChildKeys([], path).Any(), source.TryGet(path, out var text) && text is not null);
            if (isListed && isText && text!.Length > 0)
                Refuse($"{Setting.NameOf(path)} is set twice, as one text and as a list ({Setting.NameOf(path)}__0 and so on); set one of them.");

            if (isListed || isText)
                return isListed;
        }

        return configuration.GetSection(path).GetChildren().Any();
    }

    private static bool IsNumber(string key) => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static Func<KeyValuePair<string, Setting>, bool> IsIn(string root) => setting =>
        setting.Key.Equals(root, StringComparison.OrdinalIgnoreCase) || setting.Key.StartsWith(root + ":", StringComparison.OrdinalIgnoreCase);
}
