// The first words on a new connection, in one write where the server allows it:
//
//   HELLO 3 AUTH <user> <password> SETNAME <name>      refused as unknown or NOPROTO → RESP2: AUTH, CLIENT SETNAME
//   CLIENT SETINFO LIB-NAME slotwise                   refusals ignored: servers before 7.2 do not know it
//   CLIENT SETINFO LIB-VER <version>
//   SELECT <db>                                        where a db is asked for
//   READONLY                                           where replicas are to be read
//
// https://redis.io/docs/latest/commands/hello/
import { AuthenticationError, ConnectError, ReplyError } from '../core/errors.js'
import { VERSION } from '../core/version.js'
import { type Arg, type Command, createCommand, NO_SLOT } from '../protocol/command.js'
import { specOf } from '../protocol/lookup.js'
import { type Reply, RespMap } from '../resp/types.js'
import type { Credentials } from './credentials.js'
import type { ResolvedConnectionOptions } from './options.js'

/**
 * Writes commands at once and gives their answers in order; errors of the server are values. Fewer answers than commands
 * where the last of them says that no others will come (see {@link isFarewell}).
 */
export type Ask = (commands: readonly Command[]) => Promise<readonly Reply[]>

/** What the server said of itself. Under RESP2 only `protocol` is known. */
export interface ServerHello {
  readonly protocol: 2 | 3
  /** `redis` or `valkey`. */
  readonly server: string | undefined
  readonly version: string | undefined
  /** The connection's id at the server, for CLIENT KILL or CLIENT UNBLOCK. */
  readonly id: number | undefined
  readonly mode: string | undefined
  /** `master` or `replica`, at that moment. */
  readonly role: string | undefined
  /** Availability zone, where the server announces one. */
  readonly zone: string | undefined
}

export interface HandshakeContext {
  readonly address: string
  readonly options: ResolvedConnectionOptions
  readonly credentials: Credentials | undefined
  readonly readOnly: boolean
}

/** Introduces the client. Rejects with AuthenticationError or ConnectError; the connection is then of no use. */
export async function handshake(ask: Ask, context: HandshakeContext): Promise<ServerHello> {
  const { options, address, credentials } = context
  const secret = credentials?.password
  const settings = settingCommands(context)

  if (options.protocol !== 2) {
    const [hello, ...settled] = await ask([helloCommand(options, credentials), ...settings])
    if (!(hello instanceof ReplyError)) {
      if (!(hello instanceof RespMap || Array.isArray(hello))) {
        throw new ConnectError(address, 'reply', {
          message: 'HELLO was answered with something else; is it a Redis server?',
        })
      }
      checkSettings(settings, settled, context)
      return parseHello(hello)
    }
    // Valkey 9.1 looks for a password before it looks for the command: a HELLO that it knew would have shown ours.
    const unheard = hello.prefix === 'NOAUTH' && credentials !== undefined
    if (options.protocol === 3 || !(unheard || knowsNoHello(hello))) throw refusal(hello, address, secret)
  }

  const opening: Command[] = []
  if (credentials !== undefined) opening.push(authCommand(credentials))
  if (options.clientName !== undefined)
    opening.push(word('CLIENT SETNAME', ['CLIENT', 'SETNAME', options.clientName]))
  const answers = await ask([...opening, ...settings, word('PING', ['PING'])])
  const refused = answers.slice(0, opening.length).find(reply => reply instanceof ReplyError)
  if (refused instanceof ReplyError) throw refusal(refused, address, secret)
  checkSettings(settings, answers.slice(opening.length), context)
  const pong = answers[answers.length - 1]
  if (pong instanceof ReplyError && isRefusalOfAll(pong)) throw refusal(pong, address, secret)
  return {
    protocol: 2,
    server: undefined,
    version: undefined,
    id: undefined,
    mode: undefined,
    role: undefined,
    zone: undefined,
  }
}

/** Shows fresh credentials on a live connection. */
export async function authenticate(ask: Ask, credentials: Credentials, address: string): Promise<void> {
  const [answer] = await ask([authCommand(credentials)])
  if (answer instanceof ReplyError) throw refusal(answer, address, credentials.password)
}

function helloCommand(options: ResolvedConnectionOptions, credentials: Credentials | undefined): Command {
  const args: Arg[] = ['HELLO', '3']
  // Without a user name the password is the default user's: https://redis.io/docs/latest/commands/auth/
  if (credentials !== undefined) args.push('AUTH', credentials.username ?? 'default', credentials.password)
  if (options.clientName !== undefined) args.push('SETNAME', options.clientName)
  return word('HELLO', args)
}

function authCommand(credentials: Credentials): Command {
  const { username, password } = credentials
  return word('AUTH', username === undefined ? ['AUTH', password] : ['AUTH', username, password])
}

function settingCommands({ options, readOnly }: HandshakeContext): Command[] {
  const commands: Command[] = []
  if (options.clientInfo) {
    // The rows of servers before 7.2 lack SETINFO, so the container's spec stands in.
    commands.push(word('CLIENT', ['CLIENT', 'SETINFO', 'LIB-NAME', 'slotwise']))
    commands.push(word('CLIENT', ['CLIENT', 'SETINFO', 'LIB-VER', VERSION]))
  }
  if (options.db !== 0) commands.push(word('SELECT', ['SELECT', String(options.db)]))
  if (readOnly) commands.push(word('READONLY', ['READONLY']))
  return commands
}

function checkSettings(
  commands: readonly Command[],
  replies: readonly Reply[],
  context: HandshakeContext,
): void {
  commands.forEach((command, i) => {
    const reply = replies[i]
    if (!(reply instanceof ReplyError)) return
    // A name for CLIENT LIST is a courtesy: servers that do not know it, or do not allow it, serve all the same.
    if (command.spec.name === 'CLIENT' && !isRefusalOfAll(reply)) return
    if (command.spec.name === 'SELECT') throw noDatabase(context.address, context.options.db, reply)
    throw refusal(reply, context.address, undefined)
  })
}

/** The server has no such database, or (a cluster before Valkey 9) no numbered databases at all. */
function noDatabase(address: string, db: number, cause: ReplyError): ConnectError {
  const message = /cluster mode/i.test(cause.message)
    ? `db ${db} is not to be had: a cluster of this server version has no numbered databases (Valkey 9 has)`
    : `db ${db} is not to be had: ${cause.message}`
  const error = new ConnectError(address, 'reply', { cause, message })
  // It will not be there the next time either.
  error.retryable = false
  return error
}

function knowsNoHello(error: ReplyError): boolean {
  return (
    error.prefix === 'NOPROTO' ||
    /unknown command|unsupported command|wrong number of arguments/i.test(error.message)
  )
}

/** Sent instead of any answer, before the server closes the connection. */
export function isFarewell(error: ReplyError): boolean {
  return error.prefix === 'DENIED' || /max number of clients/i.test(error.message)
}

function isRefusalOfAll(error: ReplyError): boolean {
  return error.prefix === 'NOAUTH' || isFarewell(error)
}

// The words of old servers are among these: `ERR invalid password`, `ERR Client sent AUTH, but no password is set`.
function refusal(error: ReplyError, address: string, secret: string | undefined): ConnectError {
  const cause = withoutSecrets(error, secret)
  const { message } = cause
  const { prefix } = error
  const aboutAuth =
    prefix === 'WRONGPASS' ||
    prefix === 'NOAUTH' ||
    prefix === 'NOPERM' ||
    (prefix === 'ERR' && /\bAUTH\b|invalid password/.test(message))
  return aboutAuth
    ? new AuthenticationError(address, { cause })
    : new ConnectError(address, 'reply', { cause })
}

// Servers repeat what they were told, and what they were told here is a password:
//   -ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'the password'
function withoutSecrets(error: ReplyError, secret: string | undefined): ReplyError {
  const end = error.message.search(/,? with args/)
  const cut = end === -1 ? error.message : error.message.slice(0, end)
  const clean = secret === undefined || secret === '' ? cut : cut.replaceAll(asWord(secret), '<password>')
  return clean === error.message ? error : new ReplyError(clean)
}

/** Where it stands alone: a password of one letter is no part of other words. */
function asWord(secret: string): RegExp {
  const literal = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'g')
}

function parseHello(reply: Reply | undefined): ServerHello {
  const entries = reply instanceof RespMap ? reply.entries : Array.isArray(reply) ? reply : []
  const facts = new Map<string, Reply>()
  for (let i = 0; i + 1 < entries.length; i += 2) facts.set(String(entries[i]), entries[i + 1] as Reply)
  const text = (name: string): string | undefined => {
    const value = facts.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const id = facts.get('id')
  return {
    protocol: facts.get('proto') === 2 ? 2 : 3,
    server: text('server'),
    version: text('version'),
    id: typeof id === 'number' ? id : undefined,
    mode: text('mode'),
    role: text('role'),
    zone: text('availability_zone'),
  }
}

function word(name: string, args: readonly Arg[]): Command {
  return createCommand(specOf(name), args, NO_SLOT, reply => reply)
}
