using Azure.Core;
using Azure.Identity;
using SseFunctions.Configuration;

namespace SseFunctions.Api;

/// <summary>
/// The managed identity that sends telemetry to an Application Insights resource which accepts no keys, set as the Functions host
/// reads it: learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string.
/// </summary>
/// <param name="ClientId">The client id of a user-assigned identity; null for the system-assigned one.</param>
internal sealed record AzureMonitorIdentity(string? ClientId)
{
    private const string Key = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    public TokenCredential Credential => new ManagedIdentityCredential(
        ClientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(ClientId));

    /// <summary>Null when the setting is not there or wrong.</summary>
    public static AzureMonitorIdentity? Read(SettingsReader reader)
    {
        AzureMonitorIdentity? identity = null;
        reader.AtTop().Text(
            Key,
            allowed: "'Authorization=AAD', with ';ClientId=<GUID>' for a user-assigned identity",
            isAllowed: text => (identity = Parse(text)) is not null);
        return identity;
    }

    /// <summary>As the host does: pairs in any order, without regard to case, and ignores what it does not know.</summary>
    private static AzureMonitorIdentity? Parse(string text)
    {
        var pairs = text.Split(';').Select(pair => pair.Split('=', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2).ToList();
        var authorizations = Values("Authorization");
        var clientIds = Values("ClientId");
        return authorizations.Count > 0
            && authorizations.All(value => value.Equals("AAD", StringComparison.OrdinalIgnoreCase))
            && clientIds.All(value => Guid.TryParse(value, out _))
                ? new AzureMonitorIdentity(clientIds.LastOrDefault())
                : null;

        List<string> Values(string name) =>
            [.. pairs.Where(pair => pair[0].Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair[1])];
    }
}
