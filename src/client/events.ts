// What a client tells of itself. Nothing here needs to be listened to.

/** Event name → arguments of its listeners. */
export interface ClientEvents {
  /** The topology was taken over from a node. */
  topology: [change: { readonly source: string; readonly nodes: number; readonly reason: string }]
  /** A node was learned of. */
  'node:add': [node: { readonly address: string; readonly id: string | undefined }]
  /** A node is no longer part of the deployment; its connections finish and close. */
  'node:remove': [node: { readonly address: string; readonly id: string | undefined }]
  /** A failure in the background (discovery, credentials). Never thrown for want of a listener. */
  error: [error: Error]
}
