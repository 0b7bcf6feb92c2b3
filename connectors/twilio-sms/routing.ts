/** How a message travelled. */
export const routingNames = [
  'AccountSid',
  'ApiVersion',
  'ChannelInstallSid',
  'ChannelPrefix',
  'MessagingServiceSid',
  'NumSegments',
] as const;
