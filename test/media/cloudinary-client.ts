import { Agent } from 'node:http';

import { v2 as cloudinary } from 'cloudinary';

import { CLOUDINARY } from '../support/emulator/cloudinary.js';

/** The settings that keep outputs at the emulator. */
export function cloudinaryAt(url: string): Record<string, string> {
  return {
    CLOUDINARY_CLOUD_NAME: CLOUDINARY.cloudName,
    CLOUDINARY_API_KEY: CLOUDINARY.apiKey,
    CLOUDINARY_API_SECRET: CLOUDINARY.apiSecret,
    CLOUDINARY_BASE_URL: url,
  };
}

/** Cloudinary's own client, as an operator would look at what was uploaded. */
export class CloudinaryClient {
  private readonly agent = new Agent();

  constructor(private readonly url: string) {}

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as the client itself has it
  resource(publicId: string, resourceType: 'image' | 'video'): Promise<any> {
    const more = { resource_type: resourceType, type: 'authenticated', context: true, tags: true };
    return cloudinary.api.resource(publicId, { ...this.options(), ...more });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as the client itself has it
  search(expression: string): Promise<any> {
    // The client takes its options here, and its types do not know of it.
    const search: { execute(options: object): Promise<unknown> } = cloudinary.search.expression(expression);
    return search.execute(this.options());
  }

  close(): void {
    this.agent.destroy();
  }

  private options() {
    const { cloudName, apiKey, apiSecret } = CLOUDINARY;
    const account = { cloud_name: cloudName, api_key: apiKey, api_secret: apiSecret };
    return { ...account, upload_prefix: this.url, agent: this.agent };
  }
}
