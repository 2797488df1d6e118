/** How the content key of an encrypted bundle is kept: encrypted itself, by a passphrase or by a key. */
export type KeyWrap =
  | {
      readonly method: 'scrypt';
      /** base64 */
      readonly salt: string;
      readonly cost: number;
      readonly blockSize: number;
      readonly parallelization: number;
    }
  | {
      readonly method: 'key';
      /** The beginning of a hash of the key, to tell a wrong one. */
      readonly id: string;
    };

/**
 * manifest.encryption of an exported model: every file but manifest.json, signature.json and README.md is
 * `<name>.encrypted`, AES-256-GCM under a content key of this bundle alone. See docs/adr/0021.
 */
export type BundleEncryption = {
  readonly algorithm: 'AES-256-GCM';
  readonly wrap: KeyWrap;
  /** The content key, encrypted: base64 of nonce, ciphertext and tag. */
  readonly contentKey: string;
};
