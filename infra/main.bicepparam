using './main.bicep'

// From azd's environment (azd env set) or the shell's.
param previousSigningKeyVersion = readEnvironmentVariable('PREVIOUS_SIGNING_KEY_VERSION', '')

// What else your deployment has that the defaults of main.bicep do not, such as:
// param anonymousTopics = ['news', 'scores.*']
// param corsOrigins = ['https://www.example.com']
