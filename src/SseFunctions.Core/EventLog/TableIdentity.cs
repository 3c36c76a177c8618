using System.Text.RegularExpressions;
using Azure.Core;
using Azure.Identity;
using SseFunctions.Configuration;

namespace SseFunctions.EventLog;

/// <summary>
/// The identity that calls the table service, set by the names of identity-based connections:
/// learn.microsoft.com/azure/azure-functions/functions-reference#common-properties-for-identity-based-connections.
/// </summary>
internal sealed partial record TableIdentity
{
    private const string ManagedIdentity = "managedidentity";
    private const string ClientIdKey = "EventLog:clientId";
    private const string ResourceIdKey = "EventLog:managedIdentityResourceId";
    private const string TenantIdKey = "EventLog:tenantId";
    private const string ClientSecretKey = "EventLog:clientSecret";
    private const string CredentialKey = "EventLog:credential";

    /// <summary>Whether to use the managed identity alone, rather than trying whatever credentials the machine has.</summary>
    public bool UseManagedIdentity { get; init; }

    /// <summary>The client id of a user-assigned identity, or of an application with a secret; null for the system-assigned identity.</summary>
    public string? ClientId { get; init; }

    /// <summary>The resource id of a user-assigned identity, in place of its client id.</summary>
    public string? ManagedIdentityResourceId { get; init; }

    /// <summary>The tenant of an application with a secret, or of the developer.</summary>
    public string? TenantId { get; init; }

    /// <summary>The secret of an application.</summary>
    public string? ClientSecret { get; init; }

    public TokenCredential Credential => this switch
    {
        { ClientSecret: { } secret } => new ClientSecretCredential(TenantId, ClientId, secret),
        { UseManagedIdentity: true, ManagedIdentityResourceId: { } id } => new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedResourceId(new(id))),
        { UseManagedIdentity: true, ClientId: { } id } => new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(id)),
        { UseManagedIdentity: true } => new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned),
        _ => new DefaultAzureCredential(MachineOptions()),
    };

    /// <param name="isUsed">Whether the table's address is given: a connection string has no identity.</param>
    public static TableIdentity Read(SettingsReader reader, bool isUsed)
    {
        var identity = new TableIdentity
        {
            UseManagedIdentity = reader.Text(CredentialKey, allowed: $"'{ManagedIdentity}'", isAllowed: IsManagedIdentity) is not null,
            ClientId = reader.Text(ClientIdKey, allowed: "the client id of a user-assigned identity, or of an application with a secret"),
            ManagedIdentityResourceId = reader.Text(ResourceIdKey, allowed: "the resource id of a user-assigned identity", isAllowed: text => ResourceIdentifier.TryParse(text, out _)),
            TenantId = reader.Text(TenantIdKey, allowed: "the id or a domain of a tenant", isAllowed: Tenant().IsMatch),
            ClientSecret = reader.Text(ClientSecretKey, allowed: "the secret of an application", isSecret: true),
        };
        identity.RefuseContradictions(reader);
        if (!isUsed && identity != new TableIdentity())
            reader.Refuse("EventLog__credential, clientId, managedIdentityResourceId, tenantId and clientSecret name an identity, which EventLog__tableServiceUri or EventLog__accountName needs; set one of these, or none of those.");

        return identity;
    }

    private void RefuseContradictions(SettingsReader reader)
    {
        var (clientId, resourceId, tenantId, clientSecret) =
            (reader.NameOf(ClientIdKey), reader.NameOf(ResourceIdKey), reader.NameOf(TenantIdKey), reader.NameOf(ClientSecretKey));
        if (ClientId is not null && ManagedIdentityResourceId is not null)
            reader.Refuse($"{clientId} and {resourceId} are both set; one of them names the identity.");

        if (ClientSecret is not null && (ClientId is null || TenantId is null))
            reader.Refuse($"{clientSecret} is set without {(ClientId is null ? clientId : tenantId)}; an application needs {tenantId}, {clientId} and {clientSecret}.");

        if (UseManagedIdentity && (ClientSecret ?? TenantId) is not null)
            reader.Refuse($"{reader.NameOf(CredentialKey)} is '{ManagedIdentity}', which has no {(ClientSecret is null ? tenantId : clientSecret)}; set one or the other.");
    }

    private DefaultAzureCredentialOptions MachineOptions()
    {
        var options = new DefaultAzureCredentialOptions();
        if (ClientId is not null)
            options.ManagedIdentityClientId = ClientId;

        if (ManagedIdentityResourceId is not null)
            options.ManagedIdentityResourceId = new(ManagedIdentityResourceId);

        if (TenantId is not null)
            options.TenantId = TenantId;

        return options;
    }

    private static bool IsManagedIdentity(string text) => text.Equals(ManagedIdentity, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A[A-Za-z0-9.-]+\z")]
    private static partial Regex Tenant();
}
