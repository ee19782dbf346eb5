/** What the contract asks of a library: a subject adapts one library to these few operations on authors, books and plans. */

export interface Author {
  readonly id: number
  readonly name: string
}

export type Mood = 'calm' | 'busy' | 'wild'

export interface Book {
  readonly id: number
  readonly authorId: number
  readonly title: string
  /** The name of a plan, in the shared schema. */
  readonly plan: string
  /** An enum type of the tenant's schema: its number differs from tenant to tenant. */
  readonly mood: Mood
  readonly moods: readonly Mood[]
  readonly tags: readonly string[]
}

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

/** The tables are authors, books and the shared table plans; see four-tenants.ts. */
export interface OrmOperations {
  addAuthor(author: Author): Promise<unknown>
  renameAuthor(id: number, name: string): Promise<unknown>
  removeAuthor(id: number): Promise<unknown>
  /** By id. */
  authors(): Promise<readonly Author[]>
  addBook(book: Book): Promise<unknown>
  /** By id. */
  books(): Promise<readonly Book[]>
  /** By the library's own means for relations, if it has such; authors and titles by id. Authors without books count. */
  authorsWithBooks(): Promise<readonly { readonly name: string; readonly books: readonly string[] }[]>
  /** Books joined with the shared table, by the book's id. */
  booksWithPrice(): Promise<readonly { readonly title: string; readonly price: number }[]>
  /** The library's way for SQL of one's own. The text has $1, $2, …; a subject rewrites them if its library wants others. */
  raw(text: string, values?: readonly unknown[]): Promise<readonly any[]>
}

export interface OrmTransaction extends OrmOperations {
  /** A transaction in the transaction, by a savepoint: undone when `work` fails. */
  nested?<T>(work: (inner: OrmTransaction) => Promise<T>): Promise<T>
}

export interface OrmSubject extends OrmOperations {
  transaction<T>(work: (transaction: OrmTransaction) => Promise<T>, level?: IsolationLevel): Promise<T>
  /** All authors by id, not read at once. Who stops early must give the connection back. */
  stream?(): AsyncIterable<Author>
  /** The library's own good-bye. It must leave the pool, which is not its own, alone. */
  close?(): Promise<unknown>
}

/** What some libraries have no means for. */
export type OrmCapability = 'isolation levels' | 'savepoints' | 'streaming'
