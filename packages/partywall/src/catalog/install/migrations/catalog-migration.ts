/** One migration of partywall's own tables. Its text is part of a module, not a file beside it, so that it is there in a bundle too. */
export interface CatalogMigration {
  readonly number: number
  readonly name: string
  /** SHA-256 of `text`. Installed catalogs hold it. */
  readonly checksum: string
  readonly text: string
}
