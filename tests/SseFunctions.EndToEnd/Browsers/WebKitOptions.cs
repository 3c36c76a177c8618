using OpenQA.Selenium;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>What WebKitWebDriver is asked for.</summary>
internal sealed class WebKitOptions : DriverOptions
{
    private static readonly string[] Arguments = ["--automation"];

    /// <param name="binary">The browser to start.</param>
    public WebKitOptions(string binary) => AddAdditionalOption("webkitgtk:browserOptions", new Dictionary<string, object> { ["binary"] = binary, ["args"] = Arguments });

    public override ICapabilities ToCapabilities() => GenerateDesiredCapabilities(true).AsReadOnly();
}
