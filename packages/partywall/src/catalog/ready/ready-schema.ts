/** A schema that has the structure and the rows of a new tenant, and waits for one. It is no tenant: nothing can enter it. */
export interface ReadySchema {
  /** A uuid that never changes. */
  readonly id: string
  readonly kind: string
  readonly schema: string
  readonly seal: Seal
  readonly createdAt: Date
}

/** What the schema was when it was examined. A tenant gets it only if it is still the same. */
export interface Seal {
  /** The object id of the schema. */
  readonly oid: string
  /** The history that it had. */
  readonly digest: string
  /** What has read it. */
  readonly reader: string
  /** A hash of all that it held. */
  readonly hash: string
  readonly contents: SealedContents
}

/** What the hash was made of. */
export interface SealedContents {
  /** Of PostgreSQL's catalogs, those that had rows about the schema. */
  readonly catalogs: readonly string[]
  /** Tables with rows. */
  readonly tables: readonly string[]
  readonly sequences: readonly string[]
  /** Whether functions have the name of the schema in their search path. */
  readonly hasOwnPaths: boolean
}
