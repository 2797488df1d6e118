import type { TensorData } from '../core/tensor.js';
import type { Engine, EngineOptions, Executable } from '../engines/engine.js';
import type { MemberRows, TrainingRows } from './data.js';
import { validationGraph } from './inference.js';
import { PARAMETERS, type Program, STATISTICS } from './program.js';

/** Rows of each member that go through the network in one call. */
const ROWS_PER_CALL = 2048;

/** Computes what every member answers for the rows it is validated on. */
export class Validator {
  private readonly executable: Executable;
  private readonly data: TrainingRows;
  private readonly rows: readonly Int32Array[];
  private readonly program: Program;
  private readonly outputs: number;
  private readonly rowsPerCall: number;
  private readonly buffer: Float32Array;

  private constructor(
    executable: Executable,
    program: Program,
    data: TrainingRows,
    rows: readonly Int32Array[],
    outputs: number,
    rowsPerCall: number,
  ) {
    this.executable = executable;
    this.program = program;
    this.data = data;
    this.rows = rows;
    this.outputs = outputs;
    this.rowsPerCall = rowsPerCall;
    this.buffer = new Float32Array(program.members * rowsPerCall * data.width);
  }

  static async create(
    engine: Engine,
    options: EngineOptions,
    program: Program,
    data: TrainingRows,
    rows: MemberRows,
    outputs: number,
  ): Promise<Validator> {
    const longest = Math.max(1, ...rows.validation.map((held) => held.length));
    const rowsPerCall = Math.min(longest, ROWS_PER_CALL);
    const executable = await engine.compile(validationGraph(program, rowsPerCall), options);
    return new Validator(executable, program, data, rows.validation, outputs, rowsPerCall);
  }

  /** Raw outputs by member, each `[rows of the member, outputs]`, for the given state of a training session. */
  async run(state: Readonly<Record<string, TensorData>>): Promise<Float32Array[]> {
    const { members } = this.program;
    const width = this.data.width;
    const answers = this.rows.map((held) => new Float32Array(held.length * this.outputs));
    const longest = Math.max(0, ...this.rows.map((held) => held.length));
    const weights: Record<string, TensorData> = { [PARAMETERS]: state[PARAMETERS] as TensorData };
    if (state[STATISTICS] !== undefined) weights[STATISTICS] = state[STATISTICS];
    for (let start = 0; start < longest; start += this.rowsPerCall) {
      this.rows.forEach((held, member) => this.fill(held, member, start, width));
      const result = await this.executable.run({
        ...weights,
        x: { dtype: 'float32', shape: [members, this.rowsPerCall, width], data: this.buffer },
      });
      const outputs = result.outputs?.data as Float32Array;
      answers.forEach((answer, member) => {
        const from = member * this.rowsPerCall * this.outputs;
        const left = answer.length - start * this.outputs;
        const count = Math.max(0, Math.min(left, this.rowsPerCall * this.outputs));
        answer.set(outputs.subarray(from, from + count), start * this.outputs);
      });
    }
    return answers;
  }

  private fill(held: Int32Array, member: number, start: number, width: number): void {
    for (let i = 0; i < this.rowsPerCall; i++) {
      // Past the end the first row is repeated: its answers are thrown away.
      const row = held[start + i] ?? held[0] ?? 0;
      const to = (member * this.rowsPerCall + i) * width;
      this.buffer.set(this.data.x.subarray(row * width, (row + 1) * width), to);
    }
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}
