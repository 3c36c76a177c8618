// Everything that one emitter needs, in one resource group. No secret and no key stands in this file, and none is needed to deploy it:
// the app, its host and its deployments access storage, vault and Application Insights with one user-assigned identity.

metadata description = 'SseFunctions: a Server-Sent Events emitter on Azure Functions (Flex Consumption) and Azure Table Storage.'

@description('Where the resources stand. Flex Consumption must be there: az functionapp list-flexconsumption-locations.')
param location string = resourceGroup().location

@description('Name of the function app, and the first part of its address: 2 to 32 characters. The host takes its id from the first 32: learn.microsoft.com/azure/azure-functions/storage-considerations#host-id-considerations.')
@minLength(2)
@maxLength(32)
param name string = 'sse-${uniqueString(resourceGroup().id)}'

@description('Tags of all resources.')
param tags object = {}

@description('Topics that everybody may read: names, or prefixes that end in *. All others need a token. The demo page shows clock, runtime and demo; runtime shows everybody how many streams each instance holds, and its memory and CPU.')
param anonymousTopics string[] = ['clock', 'runtime', 'demo', 'demo-run-*']

@description('Origins whose pages may use the emitter, such as https://www.example.com; * for all, but not together with corsSupportCredentials.')
param corsOrigins string[] = []

@description('Whether those pages may send cookies, such as sse_token.')
param corsSupportCredentials bool = false

@description('When topic clock gets the time: NCRONTAB of six fields, UTC. A timer that ticks every few seconds keeps an instance running.')
param clockSchedule string = '*/5 * * * * *'

@description('When retention removes old events: NCRONTAB of six fields, UTC.')
param retentionSchedule string = '0 7 * * * *'

@description('Further app settings, such as { Stream__Lifetime: \'00:03:00\' }: docs/settings.md names them. What this template sets for itself in ownSettings wins.')
param appSettings object = {}

@description('HTTP requests, and so streams, that an instance takes before another one is started: 1 to 1000, the platform\'s range (azurerm_function_app_flex_consumption, http_concurrency). The platform\'s own default is 16 at 2048 MB. Stream__MaxStreams is the same.')
@minValue(1)
@maxValue(1000)
param perInstanceConcurrency int = 1000

@description('Memory of an instance, in MB; 2048 come with one core, the others with a quarter and with two: learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances at most: 1 to 1000, for the HTTP functions and for each timer: learn.microsoft.com/azure/azure-functions/flex-consumption-plan#considerations.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances for the HTTP functions that always run, and are billed, so that nobody waits for a first start: 0 to 1000.')
@minValue(0)
@maxValue(1000)
param alwaysReadyInstances int = 0

@description('Copies that the storage account keeps: in one data center (LRS) or in three zones of the region (ZRS).')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_LRS'

@description('Days for which logs and measurements are kept: 30 to 730.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('GB of logs and measurements that the workspace takes a day, at most: 1 to 1000. What is beyond is lost until the next day, and costs nothing.')
@minValue(1)
@maxValue(1000)
param dailyQuotaGb int = 1

@description('Log rows that the host of an instance sends a second, on average: 1 to 1000, the host\'s own default being 20. Of what is beyond, a sample is sent; of failed requests, all.')
@minValue(1)
@maxValue(1000)
param logRowsPerSecond int = 5

@description('Share of the streams and appends of which a span is sent: 0 to 1, as text. The instruments count all of them.')
param sampledSpans string = '0.01'

@description('While the signing key is being changed, the version of the secret signing-key that holds the old one; else empty.')
param previousSigningKeyVersion string = ''

// A GUID of version 4 has 122 random bits. The defaults are drawn anew by every deployment, and used by the first alone.
@description('Half of the first signing key. Leave the default.')
@secure()
param firstSigningKeyHead string = newGuid()

@description('The other half. Leave the default.')
@secure()
param firstSigningKeyTail string = newGuid()

var token = uniqueString(resourceGroup().id)
var tableName = 'events'
var deploymentContainerName = 'deployments'
var signingKeyName = 'signing-key'
var storageSuffix = environment().suffixes.storage
var routePrefix = loadJsonContent('../host.json', 'extensions.http.routePrefix')

// Browsers refuse it, and allowing each origin by its name in its place would lend every page on the web the user's cookies.
var allowedOrigins = corsSupportCredentials && contains(corsOrigins, '*')
  ? fail('corsOrigins has * and corsSupportCredentials is true: name the origins whose pages may send cookies')
  : corsOrigins

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'sse-${token}'
  location: location
  tags: tags
}

resource storage 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: 'sse${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: storageSku }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource deployments 'containers' = {
      name: deploymentContainerName
      properties: { publicAccess: 'None' }
    }
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource events 'tables' = {
      name: tableName
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'sse-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
  }
}

// The key with which tokens are signed. What is there already stays, whatever a later deployment draws: tokens outlive deployments.
@onlyIfNotExists()
resource signingKey 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: signingKeyName
  properties: {
    value: '${firstSigningKeyHead}${firstSigningKeyTail}'
    contentType: 'text/plain'
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'sse-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: logRetentionDays
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'sse-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

// learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // the host's keys and leases, and the deployments
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // the events, and the host's own diagnostics
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6' // the signing key
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // telemetry
}

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.storageBlobDataOwner, roles.storageTableDataContributor]: {
    scope: storage
    name: guid(storage.id, identity.id, role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource vaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, roles.keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, identity.id, roles.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// FUNCTIONS_WORKER_RUNTIME and FUNCTIONS_EXTENSION_VERSION are not among them: the plan has functionAppConfig.runtime in their place,
// learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations.
var ownSettings = {
  AzureWebJobsStorage__blobServiceUri: 'https://${storage.name}.blob.${storageSuffix}'
  AzureWebJobsStorage__tableServiceUri: 'https://${storage.name}.table.${storageSuffix}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  EventLog__tableServiceUri: 'https://${storage.name}.table.${storageSuffix}'
  EventLog__credential: 'managedidentity'
  EventLog__clientId: identity.properties.clientId
  EventLog__TableName: tableName
  Stream__MaxStreams: string(perInstanceConcurrency)
  Access__AnonymousTopics: join(anonymousTopics, ',')
  Access__SigningKey: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=${signingKeyName})'
  ClockSchedule: clockSchedule
  RetentionSchedule: retentionSchedule
}

// What appSettings may set otherwise. A span of each stream would cost more than the streams; the instruments count all of them.
var defaultSettings = {
  OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'
  OTEL_TRACES_SAMPLER_ARG: sampledSpans
  AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__maxTelemetryItemsPerSecond: string(logRowsPerSecond)
}

var rotationSettings = empty(previousSigningKeyVersion)
  ? {}
  : {
      Access__PreviousSigningKey: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=${signingKeyName};SecretVersion=${previousSigningKeyVersion})'
    }

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'sse-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource functionApp 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'emitter' }) // the service of that name in azure.yaml
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${storage.name}.blob.${storageSuffix}/${deploymentContainerName}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyInstances }]
        triggers: { http: { perInstanceConcurrency: perInstanceConcurrency } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true // over HTTP/1.1 browsers have six connections to a host, and a stream holds one
      cors: { allowedOrigins: allowedOrigins, supportCredentials: corsSupportCredentials }
      appSettings: map(items(union(defaultSettings, appSettings, ownSettings, rotationSettings)), setting => {
        name: setting.key
        value: setting.value
      })
    }
  }
  // The host reads storage and the vault as it starts.
  dependsOn: [signingKey, storage::blobs::deployments, storage::tables::events, storageRoles, vaultRole, insightsRole]

  // Deployments authenticate with an Entra token; user names and passwords are off.
  resource basicAuthScm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource basicAuthFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

@description('The root of the API: what stands before every route.')
output apiUrl string = 'https://${functionApp.properties.defaultHostName}/${routePrefix}'

output demoUrl string = 'https://${functionApp.properties.defaultHostName}/${routePrefix}/demo'
output functionAppName string = functionApp.name
output keyVaultName string = vault.name
output storageAccountName string = storage.name
output applicationInsightsName string = insights.name
