using System.Text.RegularExpressions;
using Azure.Data.Tables;
using SseFunctions.Configuration;

namespace SseFunctions.EventLog;

/// <summary>The settings <c>EventLog__*</c>: a connection string, or the address of a table service with an identity.</summary>
internal sealed partial record EventLogOptions
{
    public const string DevelopmentStorage = "UseDevelopmentStorage=true";

    public string ConnectionString { get; init; } = DevelopmentStorage;

    /// <summary>When set, it is used instead of the connection string.</summary>
    public Uri? TableServiceUri { get; init; }

    /// <summary>The identity that calls <see cref="TableServiceUri"/>.</summary>
    public TableIdentity Identity { get; init; } = new();

    public string TableName { get; init; } = "events";

    public static EventLogOptions Read(SettingsReader reader)
    {
        var defaults = new EventLogOptions();
        var uri = ReadUri(reader);
        return new EventLogOptions
        {
            ConnectionString = reader.Text(
                "EventLog:ConnectionString", defaults.ConnectionString, "a storage connection string", text => uri is not null || IsConnectionString(text), isSecret: true)!,
            TableServiceUri = uri,
            Identity = TableIdentity.Read(reader, isUsed: uri is not null),
            TableName = reader.Text(
                "EventLog:TableName", defaults.TableName, "a letter, then 2 to 62 letters or digits, and not 'tables', which is reserved", IsTableName)!,
        };
    }

    private static Uri? ReadUri(SettingsReader reader)
    {
        // Tokens are sent over TLS only.
        var text = reader.Text(
            "EventLog:tableServiceUri",
            allowed: "an address such as https://<account>.table.core.windows.net",
            isAllowed: text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps);
        var account = reader.Text("EventLog:accountName", allowed: "3 to 24 lower-case letters or digits", isAllowed: AccountName().IsMatch);
        var address = text ?? (account is null ? null : $"https://{account}.table.core.windows.net");
        return address is null ? null : new Uri(address);
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            _ = new TableServiceClient(text);
            return true;
        }
        catch (Exception ex) when (ex is FormatException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    // learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#table-names
    private static bool IsTableName(string text) => TableNameForm().IsMatch(text) && !text.Equals("tables", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9]{2,62}\z")]
    private static partial Regex TableNameForm();

    // learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
    [GeneratedRegex(@"\A[a-z0-9]{3,24}\z")]
    private static partial Regex AccountName();
}
