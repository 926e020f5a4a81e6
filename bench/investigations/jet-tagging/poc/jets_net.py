"""network against fisher.  jets_net.py [samples]"""
import sys

import numpy as np
import torch
from jets import make_jets
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

SAMPLES = int(sys.argv[1]) if len(sys.argv) > 1 else 3
EPOCHS, BATCH, LR, HID = 10, 100, 1e-3, 32


def net_scores(x, y, others, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(4, HID), torch.nn.ReLU(), torch.nn.Linear(HID, HID), torch.nn.ReLU(), torch.nn.Linear(HID, 1)
    )
    opt = torch.optim.Adam(net.parameters(), lr=LR)
    x, y = torch.tensor(x), torch.tensor(y).float()
    g = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for i in torch.randperm(len(y), generator=g).split(BATCH):
            opt.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(net(x[i]).squeeze(1), y[i]).backward()
            opt.step()
    with torch.no_grad():
        return [net(torch.tensor(o)).squeeze(1).numpy() for o in others]


for smear in (0.0, 0.25, 0.5):
    table = []
    for s in range(SAMPLES):
        x, y = make_jets(4000, smear, s)
        xv, yv = make_jets(1000, smear, 10000 + s)
        xt, yt = make_jets(4000, smear, 20000 + s)
        mu, sd = x.mean(0), x.std(0)
        x, xv, xt = (x - mu) / sd, (xv - mu) / sd, (xt - mu) / sd
        lda = LinearDiscriminantAnalysis().fit(x, y)
        nv, nt = net_scores(x, y, (xv, xt), s)
        table.append([roc_auc_score(yt, lda.decision_function(xt)), roc_auc_score(yt, nt),
                      roc_auc_score(yv, lda.decision_function(xv)), roc_auc_score(yv, nv)])
    f, n, fv, nv = np.mean(table, 0)
    print(f"smear {smear}: fisher {f:.4f} (val {fv:.4f}) net {n:.4f} (val {nv:.4f}) lift {n - f:+.4f}")
