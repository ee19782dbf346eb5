/** A subject adapts one library to these few operations on authors, books and plans, which the contract uses. */

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
  /** An enum type of the tenant's schema: its number is different in each tenant. */
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
  /** With the library's own support for relations, if it has any; authors and titles by id. Authors without books are included. */
  authorsWithBooks(): Promise<readonly { readonly name: string; readonly books: readonly string[] }[]>
  /** Books joined with the shared table, by the book's id. */
  booksWithPrice(): Promise<readonly { readonly title: string; readonly price: number }[]>
  /** SQL of the application. The text has $1, $2, …; a subject rewrites them if its library uses other placeholders. */
  raw(text: string, values?: readonly unknown[]): Promise<readonly any[]>
}

export interface OrmTransaction extends OrmOperations {
  /** A transaction in the transaction, by a savepoint: rolled back when `work` fails. */
  nested?<T>(work: (inner: OrmTransaction) => Promise<T>): Promise<T>
}

export interface OrmSubject extends OrmOperations {
  transaction<T>(work: (transaction: OrmTransaction) => Promise<T>, level?: IsolationLevel): Promise<T>
  /** All authors by id, not read at once. A reader that stops early must give the connection back. */
  stream?(): AsyncIterable<Author>
  /** Ends the library. It must leave the pool open, which belongs to the tenancy. */
  close?(): Promise<unknown>
}

/** What some libraries cannot do. */
export type OrmCapability = 'isolation levels' | 'savepoints' | 'streaming' | 'tenancy.pool'
