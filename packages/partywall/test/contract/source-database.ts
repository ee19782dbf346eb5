/** A database whose shared schema holds objects with the names that the fixtures create. */
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

/** A client that is closed when the test is over. */
export async function connected(url: string): Promise<Client> {
  const client = new Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

/** A database of its own, in which this SQL has run. */
export async function databaseWith(shared: string): Promise<{ url: string; admin: Client }> {
  const { url } = await testDatabase()
  const admin = await connected(url)
  await admin.query(shared)
  return { url, admin }
}

export const authorsOnly = 'create table public.authors (id int primary key, name text)'

/** Objects of the shared schema with the names that the fixtures create. */
export const namesakes = `
  ${authorsOnly};
  create type public.mood as enum ('other');
  create table public.books (id int primary key, author_id int, title text, mood public.mood);
  create index books_author_idx on public.books (author_id);
  create index books_title_idx on public.books (title);
  create view public.calm_books as select id, title from public.books;
  create sequence public.tickets;
  create table public.typeorm_metadata (type text, database text, schema text, "table" text, name text, value text)`
