namespace SseFunctions.EventLog;

/// <summary>
/// The settings <c>EventLog__*</c>: a connection string, or a table service URI with an identity, by the naming of
/// identity-based connections: learn.microsoft.com/azure/azure-functions/functions-reference#common-properties-for-identity-based-connections.
/// </summary>
internal sealed record EventLogOptions
{
    public const string DevelopmentStorage = "UseDevelopmentStorage=true";

    public string ConnectionString { get; init; } = DevelopmentStorage;

    /// <summary>When set, it is used instead of the connection string.</summary>
    public Uri? TableServiceUri { get; init; }

    /// <summary>Whether to use the managed identity alone, rather than trying whatever credentials the machine has.</summary>
    public bool UseManagedIdentity { get; init; }

    /// <summary>The client id of a user-assigned identity; null for the system-assigned one.</summary>
    public string? ClientId { get; init; }

    public string TableName { get; init; } = "events";
}
