using Azure.Identity;
using Microsoft.Extensions.Configuration;
using SseFunctions.Configuration;
using SseFunctions.EventLog;

namespace SseFunctions.Tests.Api;

/// <summary>The identity that comes to the table service, by the names of identity-based connections.</summary>
public class IdentitySettingsTests
{
    private const string ResourceId = "/subscriptions/01234567-89ab-cdef-0123-456789abcdef/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
    private const string Secret = "c2VjcmV0";

    [Theory]
    [InlineData("managedidentity")]
    [InlineData("ManagedIdentity")]
    [InlineData("MANAGEDIDENTITY")]
    public void Read_takes_the_credential_in_any_case(string text) =>
        Assert.IsType<ManagedIdentityCredential>(Read(("credential", text)).Credential);

    [Fact]
    public void Read_takes_each_kind_of_identity()
    {
        Assert.IsType<DefaultAzureCredential>(Read().Credential);
        Assert.IsType<DefaultAzureCredential>(Read(("clientId", "an-id")).Credential);
        Assert.IsType<DefaultAzureCredential>(Read(("managedIdentityResourceId", ResourceId)).Credential);
        Assert.IsType<DefaultAzureCredential>(Read(("tenantId", "example.onmicrosoft.com")).Credential);
        Assert.IsType<ManagedIdentityCredential>(Read(("credential", "managedidentity"), ("clientId", "an-id")).Credential);
        Assert.IsType<ManagedIdentityCredential>(Read(("credential", "managedidentity"), ("managedIdentityResourceId", ResourceId)).Credential);
        Assert.IsType<ClientSecretCredential>(Read(("tenantId", "a-tenant"), ("clientId", "an-id"), ("clientSecret", Secret)).Credential);
    }

    [Theory]
    [InlineData("EventLog__clientId and EventLog__managedIdentityResourceId are both set", "clientId=an-id", "managedIdentityResourceId=" + ResourceId)]
    [InlineData("EventLog__managedIdentityResourceId is 'my-identity'; allowed is the resource id", "managedIdentityResourceId=my-identity")]
    [InlineData("EventLog__clientSecret is set without EventLog__tenantId", "clientId=an-id", "clientSecret=" + Secret)]
    [InlineData("EventLog__clientSecret is set without EventLog__clientId", "tenantId=a-tenant", "clientSecret=" + Secret)]
    [InlineData("EventLog__credential is 'managedidentity', which has no EventLog__clientSecret", "credential=managedidentity", "tenantId=a-tenant", "clientId=an-id", "clientSecret=" + Secret)]
    [InlineData("EventLog__credential is 'managedidentity', which has no EventLog__tenantId", "credential=managedidentity", "tenantId=a-tenant")]
    [InlineData("EventLog__credential is 'workloadidentity'; allowed is 'managedidentity'.", "credential=workloadidentity")]
    [InlineData("EventLog__tenantId is 'my tenant'; allowed is the id or a domain", "tenantId=my tenant")]
    public void Read_refuses_what_names_no_identity_or_two(string fault, params string[] settings)
    {
        var ex = Assert.Throws<SettingsException>(() => Read([.. settings.Select(setting => setting.Split('=', 2)).Select(pair => (pair[0], pair[1]))]));

        Assert.StartsWith(fault, Assert.Single(ex.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, ex.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("credential", "managedidentity")]
    [InlineData("clientId", "an-id")]
    public void Read_refuses_an_identity_without_the_address_that_it_is_for(string key, string value)
    {
        var reader = new SettingsReader(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create($"EventLog:{key}", (string?)value)]).Build());

        EventLogOptions.Read(reader);

        Assert.Contains("EventLog__tableServiceUri", Assert.Throws<SettingsException>(reader.ThrowIfFaulty).Message, StringComparison.Ordinal);
    }

    private static TableIdentity Read(params (string Key, string Value)[] values)
    {
        var reader = new SettingsReader(new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(value => KeyValuePair.Create($"EventLog:{value.Key}", (string?)value.Value)))
            .Build());
        var identity = TableIdentity.Read(reader, isUsed: true);
        reader.ThrowIfFaulty();
        return identity;
    }
}
