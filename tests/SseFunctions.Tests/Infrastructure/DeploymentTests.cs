using System.Text.Json.Nodes;
using SseFunctions.Api;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>The resources that a deployment makes.</summary>
public class DeploymentTests
{
    private const string Roles = "Microsoft.Authorization/roleAssignments";
    private const string Storage = "Microsoft.Storage/storageAccounts";
    private const string Vault = "Microsoft.KeyVault/vaults";
    private const string Insights = "Microsoft.Insights/components";

    /// <summary>learn.microsoft.com/azure/role-based-access-control/built-in-roles: who may do what where.</summary>
    private static readonly HashSet<(string Scope, string Role)> Wanted =
    [
        (Storage, "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"), // Storage Blob Data Owner
        (Storage, "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"), // Storage Table Data Contributor
        (Vault, "4633458b-17de-408a-b874-0445c86b69e6"), // Key Vault Secrets User
        (Insights, "3913510d-42f4-4e42-8a64-420c390055eb"), // Monitoring Metrics Publisher
    ];

    [SkippableFact]
    public async Task Storage_takes_no_key_no_anonymous_reader_and_no_old_TLS()
    {
        var storage = (await Deployment.WithMainParametersAsync()).The(Storage)["properties"]!;

        Assert.False((bool)storage["allowSharedKeyAccess"]!);
        Assert.False((bool)storage["allowBlobPublicAccess"]!);
        Assert.True((bool)storage["supportsHttpsTrafficOnly"]!);
        Assert.Equal("TLS1_2", (string)storage["minimumTlsVersion"]!);
    }

    [SkippableFact]
    public async Task Containers_are_private()
    {
        var container = (await Deployment.WithMainParametersAsync()).The($"{Storage}/blobServices/containers");

        Assert.Equal("None", (string)container["properties"]!["publicAccess"]!);
    }

    [SkippableFact]
    public async Task Function_app_is_reached_by_TLS_1_2_and_deployed_to_by_identity()
    {
        var deployment = await Deployment.WithMainParametersAsync();
        var site = deployment.Site["properties"]!;

        Assert.True((bool)site["httpsOnly"]!);
        Assert.Equal("1.2", (string)site["siteConfig"]!["minTlsVersion"]!);
        var storage = site["functionAppConfig"]!["deployment"]!["storage"]!;
        Assert.Equal("UserAssignedIdentity", (string)storage["authentication"]!["type"]!);
        Assert.Equal(
            $"https://{(string)deployment.The(Storage)["name"]!}.blob.{ArmExpression.StorageSuffix}/{((string)deployment.The($"{Storage}/blobServices/containers")["name"]!).Split('/')[^1]}",
            ArmExpression.Evaluate((string)storage["value"]!));
        var policies = deployment.OfType("Microsoft.Web/sites/basicPublishingCredentialsPolicies");
        Assert.Equal(["ftp", "scm"], policies.Select(policy => ((string)policy["name"]!).Split('/')[1]).Order());
        Assert.All(policies, policy => Assert.False((bool)policy["properties"]!["allow"]!));
    }

    [SkippableFact]
    public async Task Logs_and_measurements_take_no_key()
    {
        var deployment = await Deployment.WithMainParametersAsync();

        Assert.True((bool)deployment.The(Insights)["properties"]!["DisableLocalAuth"]!);
        Assert.True((bool)deployment.The("Microsoft.OperationalInsights/workspaces")["properties"]!["features"]!["disableLocalAuth"]!);
    }

    [SkippableFact]
    public async Task Vault_goes_by_roles_and_can_be_purged_after_a_mistake()
    {
        var vault = (await Deployment.WithMainParametersAsync()).The(Vault)["properties"]!;

        Assert.True((bool)vault["enableRbacAuthorization"]!);
        Assert.Equal(7, (int)vault["softDeleteRetentionInDays"]!);
        Assert.Null(vault["accessPolicies"]);
        Assert.Null(vault["enablePurgeProtection"]);
    }

    [SkippableFact]
    public async Task Identity_has_the_roles_that_it_needs_and_no_others()
    {
        var deployment = await Deployment.WithMainParametersAsync();
        var identity = (string)deployment.The("Microsoft.ManagedIdentity/userAssignedIdentities")["id"]!;

        var assignments = deployment.OfType(Roles);

        Assert.Equal(Wanted, assignments.Select(assignment => (ScopeOf(assignment), ((string)assignment["properties"]!["roleDefinitionId"]!).Split('/')[^1])).ToHashSet());
        Assert.Equal(Wanted.Count, assignments.Count);
        Assert.All(assignments, assignment => Assert.Equal($"[reference('{identity}', '2024-11-30').principalId]", (string)assignment["properties"]!["principalId"]!));
        Assert.Equal(identity, (string)deployment.Site["properties"]!["keyVaultReferenceIdentity"]!);
        Assert.Equal(identity, Assert.Single(deployment.Site["identity"]!["userAssignedIdentities"]!.AsObject()).Key);
        Assert.Equal(identity, (string)deployment.Site["properties"]!["functionAppConfig"]!["deployment"]!["storage"]!["authentication"]!["userAssignedIdentityResourceId"]!);
    }

    [SkippableFact]
    public async Task Cors_is_for_nobody_unless_origins_are_named()
    {
        var (nobody, some) = (await Deployment.WithMainParametersAsync(), await Deployment.WithOtherParametersAsync());

        Assert.Empty(Origins(nobody));
        Assert.False((bool)Cors(nobody)["supportCredentials"]!);
        Assert.Equal(["https://a.example", "https://b.example"], Origins(some));
        Assert.True((bool)Cors(some)["supportCredentials"]!);
    }

    [SkippableFact]
    public async Task Cors_for_all_is_refused_with_credentials_and_taken_without()
    {
        Skip.If(!Thoroughness.IsFull, Thoroughness.LongOnlyInFull); // two runs of the compiler, seconds of CPU each
        var (refused, nothing) = await Deployment.PredictAsync("param corsOrigins = ['https://a.example', '*']", "param corsSupportCredentials = true");
        var taken = Deployment.Read(await Deployment.PredictAsync("param corsOrigins = ['*']"));

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("corsOrigins has * and corsSupportCredentials is true", refused.Diagnostics, StringComparison.Ordinal);
        Assert.Null(nothing);
        Assert.Equal(["*"], Origins(taken));
    }

    [SkippableFact]
    public async Task Parameters_land_where_they_must()
    {
        var (main, other) = (await Deployment.WithMainParametersAsync(), await Deployment.WithOtherParametersAsync());

        Assert.Equal((1000, 2048, 100, "[]"), Scale(main));
        Assert.Equal((250, 512, 7, """[{"name":"http","instanceCount":2}]"""), Scale(other));
        Assert.Equal("other-name", (string)other.Site["name"]!);
        Assert.Equal("Standard_ZRS", (string)other.The(Storage)["sku"]!["name"]!);
        Assert.Equal(90, (int)other.The("Microsoft.OperationalInsights/workspaces")["properties"]!["retentionInDays"]!);
        Assert.Equal((1, 12), (Quota(main), Quota(other)));
        Assert.All(other.Resources.Where(resource => resource["location"] is not null), resource => Assert.Equal("a", (string?)resource["tags"]?["team"]));
        Assert.Equal("FC1", (string)main.The("Microsoft.Web/serverfarms")["sku"]!["name"]!);
    }

    [SkippableFact]
    public async Task Runtime_is_the_one_that_the_app_is_built_for()
    {
        var runtime = (await Deployment.WithMainParametersAsync()).Site["properties"]!["functionAppConfig"]!["runtime"]!;

        Assert.Equal("dotnet-isolated", (string)runtime["name"]!);
        Assert.Contains($"<TargetFramework>net{(string)runtime["version"]!}</TargetFramework>", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Outputs_are_the_addresses_that_the_app_answers_at()
    {
        var outputs = (await Deployment.WithMainParametersAsync()).Outputs;

        var prefix = (string)JsonNode.Parse(Repository.Read("host.json"))!["extensions"]!["http"]!["routePrefix"]!;
        Assert.Equal($"https://{ArmExpression.HostName}/{prefix}", ArmExpression.Evaluate((string)outputs["apiUrl"]!));
        Assert.Equal($"https://{ArmExpression.HostName}/{prefix}/{Routes.Demo}", ArmExpression.Evaluate((string)outputs["demoUrl"]!));
    }

    /// <summary>azd finds the function app by this tag, and the code by azure.yaml.</summary>
    [SkippableFact]
    public async Task Azd_finds_the_function_app_and_its_project()
    {
        var service = AzureYaml.Service();

        Assert.Equal(service.Name, (string)(await Deployment.WithMainParametersAsync()).Site["tags"]!["azd-service-name"]!);
        Assert.True(File.Exists(Path.Combine(Repository.Root, service.Project, "SseFunctions.csproj")), service.Project);
    }

    /// <summary>The type of the resource that a role is given on: its id is what stands before the role assignment.</summary>
    private static string ScopeOf(JsonObject assignment)
    {
        var id = ((string)assignment["id"]!).Split("/providers/");
        return string.Join('/', id[^2].Split('/')[..2]);
    }

    private static JsonNode Cors(Deployment deployment) => deployment.Site["properties"]!["siteConfig"]!["cors"]!;

    private static IEnumerable<string> Origins(Deployment deployment) => Cors(deployment)["allowedOrigins"]!.AsArray().Select(origin => (string)origin!);

    private static int Quota(Deployment deployment) =>
        (int)deployment.The("Microsoft.OperationalInsights/workspaces")["properties"]!["workspaceCapping"]!["dailyQuotaGb"]!;

    private static (int Concurrency, int Memory, int Instances, string AlwaysReady) Scale(Deployment deployment)
    {
        var scale = deployment.Site["properties"]!["functionAppConfig"]!["scaleAndConcurrency"]!;
        return (
            (int)scale["triggers"]!["http"]!["perInstanceConcurrency"]!,
            (int)scale["instanceMemoryMB"]!,
            (int)scale["maximumInstanceCount"]!,
            scale["alwaysReady"]!.ToJsonString());
    }
}
