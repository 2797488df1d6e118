import { describe, expect, it } from 'vitest';
import { penaltiesOf } from '../../../src/models/file/penalties.js';
import { layers as tfl } from '../graph/helpers.js';

const L = tfl.layers;
const l2 = (): ReturnType<typeof tfl.regularizers.l2> => tfl.regularizers.l2({ l2: 1 });

/** Sum of the squares of the weights whose name ends so. */
function squares(model: tfl.LayersModel, ending: string): number {
  return model.weights
    .filter(({ originalName }) => originalName.endsWith(ending))
    .flatMap((weight) => Array.from(weight.read().dataSync()))
    .reduce((sum, value) => sum + value * value, 0);
}

const total = (model: tfl.LayersModel): number =>
  penaltiesOf(model).reduce((sum, loss) => sum + Number(loss.dataSync()[0]), 0);

describe('penalties of regularizers', () => {
  it('are those of cells and of layers within layers too, each once', () => {
    const recurrent = { units: 2, recurrentInitializer: 'glorotUniform', kernelRegularizer: l2() } as const;
    const inner = tfl.sequential({
      layers: [L.lstm({ ...recurrent, inputShape: [3, 2], returnSequences: true })],
    });
    const model = tfl.sequential({
      layers: [
        L.bidirectional({
          layer: L.gru({ ...recurrent, returnSequences: true }),
          mergeMode: 'sum',
          inputShape: [3, 4],
        }),
        inner,
        L.timeDistributed({ layer: L.dense({ units: 2, kernelRegularizer: l2() }) }),
        L.rnn({ cell: [L.simpleRNNCell(recurrent), L.gruCell(recurrent)] as tfl.layers.RNNCell[] }),
        L.dense({ units: 1 }),
      ],
    });
    const penalised = squares(model, '/kernel') - squares(model, `${model.layers.at(-1)?.name ?? ''}/kernel`);
    expect(total(model)).toBeCloseTo(penalised, 4);
  });
});
