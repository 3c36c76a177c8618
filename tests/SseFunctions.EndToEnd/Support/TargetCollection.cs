namespace SseFunctions.EndToEnd.Support;

[CollectionDefinition(Target.Collection)]
public sealed class TargetCollection : ICollectionFixture<Target>;
