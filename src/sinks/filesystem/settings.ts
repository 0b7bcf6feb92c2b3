import { z } from 'archway/sdk';

export const settingsSchema = z.strictObject({
  directory: z
    .string()
    .min(1, 'must name a directory')
    .refine((path) => !path.includes('\0'), 'must not contain a NUL character')
    .describe('Where the archive lies. A relative path counts from the working directory of the server.'),
});

export type FilesystemSettings = z.infer<typeof settingsSchema>;
